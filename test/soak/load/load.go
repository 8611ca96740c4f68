// Package load asks an API server for what a webhook has to admit, refuse or change, at
// a steady rate, and holds every answer to what it has to be.
//
// It knows what is right and what the API server says when a webhook fails. It must not
// know how the webhook runs, nor what is done to it meanwhile.
package load

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// mostAtOnce is how many requests may be under way; beyond that the load waits, as
// clients do that wait for answers. It is enough to keep two cores busy. More would only
// wait in the API server, and of what waits there, a fault finds more under way.
const mostAtOnce = 8

// patience is how long a request is tried again that the API server did not take.
const patience = 2 * time.Minute

// Load is a steady stream of admissions. Its methods are safe for concurrent use.
type Load struct {
	*Tally
	api   *api
	rate  int
	ring  [roundOf]action
	spare *spares

	standing standing

	halt    sync.RWMutex // held while the load pauses
	slots   chan struct{}
	working sync.WaitGroup
}

// New prepares a load of so many admissions a second. It returns an error if no client
// can be made of the configuration.
func New(cluster *rest.Config, rate int) (*Load, error) {
	client, err := newAPI(cluster)
	if err != nil {
		return nil, err
	}
	l := &Load{Tally: newTally(), api: client, rate: rate, spare: newSpares(), standing: newStanding(), slots: make(chan struct{}, mostAtOnce)}
	l.ring = l.actions()
	return l, nil
}

// Run asks until ctx is done, and returns when everything is answered.
func (l *Load) Run(ctx context.Context) {
	step := time.Second / time.Duration(l.rate)
	next := time.NewTimer(0)
	defer next.Stop()
	due := time.Now()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			l.working.Wait()
			return
		case <-next.C:
		}
		l.halt.RLock()
		l.slots <- struct{}{}
		l.working.Go(func() {
			defer func() { <-l.slots; l.halt.RUnlock() }()
			l.one(context.WithoutCancel(ctx), n)
		})
		// What could not be asked in time is made up for, but not by a flood.
		due = due.Add(step)
		if late := time.Since(due); late > time.Second {
			due = due.Add(late - time.Second)
		}
		next.Reset(time.Until(due))
	}
}

// Pause returns once nothing is under way, and nothing is asked until resume is called.
func (l *Load) Pause() (resume func()) {
	l.halt.Lock()
	return l.halt.Unlock
}

// Once asks once for each kind of thing, outside the rate and the tally, and returns what
// is not as it has to be.
func (l *Load) Once(ctx context.Context) error {
	const apartFrom = 1_000_000_000 // names of its own
	apart := &Load{Tally: newTally(), api: l.api, spare: &spares{}, standing: newStanding()}
	apart.ring = apart.actions()
	for n := range apart.ring {
		apart.one(ctx, apartFrom/len(apart.ring)*len(apart.ring)+n)
	}
	if problems := apart.Problems(); len(problems) > 0 {
		return errors.New(problems[0])
	}
	return nil
}

// one does one admission.
func (l *Load) one(ctx context.Context, n int) {
	do := l.ring[n%len(l.ring)]
	ask := do.ask(n)
	if ask == nil { // nothing is left to do it with
		do = l.ring[0]
		ask = do.ask(n)
	}
	first, last := l.try(ctx, ask)
	l.count(do.name, first, last, do.want(last))
	if do.after != nil {
		do.after(ctx, ask, last)
	}
}

// try asks until the API server takes the request. It returns how long the first answer
// that counts took, with it.
func (l *Load) try(ctx context.Context, ask *ask) (time.Duration, answer) {
	deadline := time.Now().Add(patience)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for tries := 0; ; tries++ {
		began := time.Now()
		got := l.api.do(ctx, ask)
		got.tries = tries
		if !got.untaken() || time.Now().After(deadline) || ctx.Err() != nil {
			return time.Since(began), got
		}
		l.untaken()
		<-again.C
	}
}

// answer is what the API server says.
type answer struct {
	err      error // there was no answer
	status   int
	body     []byte
	warnings []string
	tries    int // that were not taken before
}

// ask is a request.
type ask struct {
	method, path, contentType string
	body                      []byte
	name                      string // of the object
}

const (
	asJSON  = "application/json"
	asMerge = "application/merge-patch+json"
)

// succeeded returns whether it was done, now or by a try whose answer was lost.
func (a answer) succeeded() bool {
	switch {
	case a.err != nil:
		return false
	case a.status < http.StatusMultipleChoices:
		return true
	case a.tries > 0:
		return a.status == http.StatusConflict && a.says("already exists") || a.status == http.StatusNotFound
	}
	return false
}
