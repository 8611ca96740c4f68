package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestPartsOutliveTheLastAnswer checks that nothing ends that answers may rest on before
// the last of them is given.
func TestPartsOutliveTheLastAnswer(t *testing.T) {
	stop, ask := context.WithCancel(t.Context())
	started, left := make(chan context.Context, 1), false
	parts := func(ctx context.Context) error {
		started <- ctx
		<-ctx.Done()
		if !left {
			t.Error("the parts ended before the door was left")
		}
		return errors.New("the parts")
	}
	leave := func() error {
		if running := <-started; running.Err() != nil {
			t.Error("the parts were told to end before the door was left")
		}
		left = true
		return errors.New("the door")
	}
	ask()
	if err := live(stop, parts, leave); err == nil || err.Error() != "the door\nthe parts" {
		t.Errorf("the end was: %v", err)
	}
}

// TestPartsThatFail checks that a server does not wait for anything when it cannot go on.
func TestPartsThatFail(t *testing.T) {
	want := errors.New("the port is in use")
	err := live(t.Context(), func(context.Context) error { return want }, func() error {
		t.Error("the door was left")
		return nil
	})
	if !errors.Is(err, want) {
		t.Errorf("the end was: %v", err)
	}
}

// TestPartsThatDoNotEnd checks that it is no failure when a watch does not hear of the end.
func TestPartsThatDoNotEnd(t *testing.T) {
	stop, ask := context.WithCancel(t.Context())
	ask()
	late := func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("too long: %w", context.DeadlineExceeded)
	}
	if err := live(stop, late, func() error { return nil }); err != nil {
		t.Errorf("the end was: %v", err)
	}
}
