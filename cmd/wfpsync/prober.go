package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/probe"
	"github.com/wfpsync/wfpsync/planner"
)

// prober is who sends the probes of a plan; nil for a plan without any. What an
// account on this machine has is run for as long as that takes. The caller is to
// call done.
func (a *app) prober(ctx context.Context, c *connection, plan *planner.Plan) (p applier.Prober, done func(), err error) {
	if !hasProbes(plan) {
		return nil, func() {}, nil
	}
	options, stop := probe.Options{UserAgent: userAgent()}, func() {}
	if c.local != nil {
		if options.Through, stop, err = a.runForProbes(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	prober := probe.New(options)
	return prober, func() {
		prober.Close()
		stop()
	}, nil
}

func hasProbes(plan *planner.Plan) bool {
	return slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return c.Turn != nil && c.Turn.Probe != nil })
}

// checkProbes makes sure, before anybody is asked anything, that there is something
// that could answer the probes of a plan.
func (a *app) checkProbes(c *connection, plan *planner.Plan) error {
	if c.local == nil || !hasProbes(plan) {
		return nil
	}
	if _, err := a.workerd(); err != nil {
		return fmt.Errorf("the rollout has probes, and with --local nothing answers them but the Workers on this machine: %w", err)
	}
	return nil
}

// runForProbes runs the Workers of the account on this machine, and returns where
// they answer.
func (a *app) runForProbes(ctx context.Context, c *connection) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	run, err := c.local.Run(ctx, runtime.Options{Account: c.info.ID, Listener: listener.(*net.TCPListener)})
	if err != nil {
		return "", nil, err
	}
	return address, run.Close, nil
}
