package main

import (
	"context"
	"errors"
	"time"
)

// partsWithin is how long the parts may take to end. A watch that waits before it asks an
// API server again that is away does not hear of the end, and has nothing to lose. Together
// with the quiet period and door.LastAnswerWithin it has to fit into the
// terminationGracePeriodSeconds of the Deployment.
const partsWithin = 3 * time.Second

// live runs what a server is made of until stop is done, and then leaves. The parts end
// after that: whoever is still to be answered, is answered from what they keep. Where
// they end by themselves there is nothing left to be done.
func live(stop context.Context, parts func(context.Context) error, leave func() error) error {
	running, end := context.WithCancel(context.WithoutCancel(stop))
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- parts(running) }()
	select {
	case err := <-ended:
		return err
	case <-stop.Done():
	}
	left := leave()
	end()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		left = errors.Join(left, err)
	}
	return left
}
