package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// permanent is an answer that waiting does not change.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// await repeats a question until its answer is nil. It returns an error that has the last
// answer if that takes too long, if the answer is permanent, or if ctx is done.
func await(ctx context.Context, what string, within time.Duration, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		answer := question(ctx)
		if answer == nil {
			return nil
		}
		if errors.As(answer, new(permanent)) {
			return answer
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait %s for %s: %w (%w)", within, what, answer, ctx.Err())
		case <-again.C:
		}
	}
}

// timed returns how long something takes.
func timed(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began).Round(10 * time.Millisecond), err
}
