package main

import (
	"context"
	"errors"
)

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
	return errors.Join(left, <-ended)
}
