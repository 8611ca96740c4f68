package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// atATime is how many requests are under way at the API server where nothing else is said.
const atATime = 8

// work is many requests of one kind.
type work struct {
	what    string
	many    int
	atATime int           // how many are under way
	apart   time.Duration // how long before each of them nothing is asked, where one is under way
	method  string
	ask     func(n int) (path string, body []byte) // the request of that number
	// What every answer has to be.
	status int
	says   string
}

func (w work) String() string {
	if w.apart > 0 {
		return w.what + ", each by itself"
	}
	return fmt.Sprintf("%s, %d at a time", w.what, w.atATime)
}

// times is the same work, of another amount.
func (w work) times(many int) work {
	w.many = many
	return w
}

// alone is the same work, each request by itself.
func (w work) alone() work {
	w.atATime, w.apart = 1, longApart
	return w
}

// longApart is longer than one request may wait to be answered together with a later one.
const longApart = 400 * time.Millisecond

// took is how long work took, as those see it who asked.
type took struct {
	work
	all  time.Duration
	each []time.Duration
}

// do does the work, some requests at a time. It fails where one answer is not what it has to
// be.
func (s *server) do(ctx context.Context, w work) (took, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	each := make([]time.Duration, w.many)
	var next atomic.Int64
	var working sync.WaitGroup
	began := time.Now()
	for range w.atATime {
		working.Go(func() {
			for n := int(next.Add(1)) - 1; n < w.many && ctx.Err() == nil; n = int(next.Add(1)) - 1 {
				time.Sleep(w.apart)
				asked := time.Now()
				if err := s.one(ctx, w, n); err != nil {
					fail(err)
				}
				each[n] = time.Since(asked)
			}
		})
	}
	working.Wait()
	return took{work: w, all: time.Since(began), each: each}, context.Cause(ctx)
}

func (s *server) one(ctx context.Context, w work, n int) error {
	path, body := w.ask(n)
	status, answer, err := s.ask(ctx, w.method, path, body)
	if err != nil {
		return err
	}
	if status != w.status || !bytes.Contains(answer, []byte(w.says)) {
		return fmt.Errorf("%s: %s %s was answered with %d %s; want %d and %s", w.what, w.method, path, status, answer, w.status, w.says)
	}
	return nil
}
