package emulator

import (
	"context"
	goruntime "runtime"
	"sync"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// maxCheckers limits memory: each checker is a workerd.
const maxCheckers = 4

// Check starts programs as an upload would, and returns for each why it would
// be refused, or nil. It starts several at once, each in its own process, and
// ends these.
func Check(ctx context.Context, workerd string, programs []runtime.Program) ([]*api.StartError, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	refusals := make([]*api.StartError, len(programs))
	next := make(chan int)
	var all sync.WaitGroup
	for range min(len(programs), goruntime.GOMAXPROCS(0), maxCheckers) {
		all.Go(func() {
			validator := runtime.NewValidator(workerd)
			defer validator.Close()
			for i := range next {
				started, err := validator.Start(ctx, programs[i])
				if err != nil {
					stop(err)
					return
				}
				refusals[i] = api.StartErrorOf(started)
			}
		})
	}
feed:
	for i := range programs {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	all.Wait()
	return refusals, context.Cause(ctx)
}
