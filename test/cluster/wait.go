package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// poll repeats a question until its answer is nil. When ctx is done it returns
// why that is, what was waited for, and the last answer.
func poll(ctx context.Context, what string, question func(context.Context) error) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	last := errors.New("it was not asked for yet")
	for {
		answer := question(ctx)
		if answer == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wait for %s (%s): %w", what, last.Error(), context.Cause(ctx))
		}
		last = answer
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}

// together runs independent tasks at once. The first error cancels the others
// and is returned.
func together(ctx context.Context, tasks ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, task := range tasks {
		all.Go(func() {
			if err := task(ctx); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
