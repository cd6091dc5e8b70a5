package main

import (
	"context"
	"sync"

	"github.com/wfpsync/wfpsync/spec"
)

// writtenCode is what the Workers that run were made of.
type writtenCode struct {
	mu      sync.Mutex
	sources *sources
	codes   map[string]*spec.Code // by "worker" or "namespace/worker"
}

// remember keeps the code of a project, to say later where an error was written.
func (d *development) remember(p *project) {
	codes := map[string]*spec.Code{}
	for _, r := range p.stack.Resources {
		switch r := r.(type) {
		case *spec.Worker:
			codes[r.Name] = r.Code
		case *spec.UserWorker:
			codes[r.DispatchNamespace+"/"+r.Name] = r.Code
		}
	}
	d.written.mu.Lock()
	defer d.written.mu.Unlock()
	d.written.sources, d.written.codes = p.sources(), codes
}

// origin is where a place of a module that runs was written; "" if that is not known.
func (d *development) origin(worker, module string, line, column int) string {
	d.written.mu.Lock()
	where, code := d.written.sources, d.written.codes[worker]
	d.written.mu.Unlock()
	if where == nil || code == nil {
		return ""
	}
	at, _, found := where.of(context.Background(), code).Find(module, line, column)
	if !found {
		return ""
	}
	return where.seen(at).String()
}
