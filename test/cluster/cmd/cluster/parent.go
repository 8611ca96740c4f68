package main

import (
	"context"
	"os"
	"time"
)

// whileParentLives is done when the process that started this one is gone: it is
// then nobody's cluster any more.
func whileParentLives(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	look := time.NewTicker(200 * time.Millisecond)
	go func() {
		defer look.Stop()
		for os.Getppid() == parent {
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, cancel
}
