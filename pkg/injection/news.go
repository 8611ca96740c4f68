package injection

import (
	"context"
	"time"
)

// debounce is how long changes are collected before they take effect: those that
// somebody makes at once arrive one after the other.
const debounce = 100 * time.Millisecond

// news holds one while there is something to look at.
type news chan struct{}

func (n news) wake() {
	select {
	case n <- struct{}{}:
	default: // it is known already
	}
}

// settled waits for news, and for what comes with them. It reports false when ctx is done.
func (n news) settled(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-n:
	}
	if !pause(ctx) {
		return false
	}
	select {
	case <-n: // came meanwhile, and is looked at with the rest
	default:
	}
	return true
}

// pause waits as long as changes are collected. It reports false when ctx is done.
func pause(ctx context.Context) bool {
	over, cancel := context.WithTimeout(ctx, debounce)
	defer cancel()
	<-over.Done()
	return ctx.Err() == nil
}
