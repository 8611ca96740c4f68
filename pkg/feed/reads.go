package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

const (
	// apart is how far apart reads of one scope begin: a denial by itself never waits, and
	// those of a burst are confirmed together, at a load that does not grow with them.
	apart = 250 * time.Millisecond
	// readWithin bounds one read. Whoever waits for it has a deadline of their own.
	readWithin = 2 * time.Second
)

// scope is what one live read covers: the kinds within a namespace, of all namespaces where
// its name is empty, or those that are in none.
type scope struct {
	namespace  string
	wide       bool
	remembered bool // from the memory of the API server, not from storage
}

// holds are the objects of a kind by name.
type holds map[mesh.Ref]*mesh.Object

// read is one live read. What it brought may be looked at once done is closed.
type read struct {
	done  chan struct{}
	found map[mesh.Kind]holds
	err   error
}

// reads are the live reads that are running. Whoever asks for a scope gets a read that
// began after they asked, or it would say nothing about what was stored until then; all
// who ask before it begins share it.
type reads struct {
	list func(ctx context.Context, from source, namespace string, how ...client.ListOption) (holds, error)

	mu sync.Mutex
	// next is the read that is about to begin, by scope; nil where one is running, or ended
	// a moment ago, and nobody has asked since.
	next map[scope]*read
}

// join returns the next read of a scope.
func (r *reads) join(ctx context.Context, of scope) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, running := r.next[of]
	if next == nil {
		next = &read{done: make(chan struct{})}
		r.next[of] = next
	}
	if !running {
		go r.run(context.WithoutCancel(ctx), of) // it is not of whoever asks first
	}
	return next
}

// run reads a scope for as long as somebody asks for it.
func (r *reads) run(ctx context.Context, of scope) {
	for next := r.take(of); next != nil; next = r.take(of) {
		again := time.NewTimer(apart)
		next.found, next.err = r.read(ctx, of)
		close(next.done)
		<-again.C
	}
}

func (r *reads) take(of scope) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.next[of]
	if next == nil {
		delete(r.next, of)
		return nil
	}
	r.next[of] = nil
	return next
}

// read lists the kinds one after the other: all at once, a burst of denials in many
// namespaces asks for so many lists that the API server answers none of them in time.
func (r *reads) read(ctx context.Context, of scope) (map[mesh.Kind]holds, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var how []client.ListOption
	if of.remembered {
		how = append(how, remembered{})
	}
	found := map[mesh.Kind]holds{}
	for _, source := range sources {
		if source.wide != of.wide {
			continue
		}
		listed, err := r.list(ctx, source, of.namespace, how...)
		if err != nil {
			return nil, fmt.Errorf("%s of namespace %q: %w", source.kind, of.namespace, err)
		}
		found[source.kind] = listed
	}
	return found, nil
}

// all returns what the next reads of namespaces, and of what is in none, find. It returns
// the error of a read that failed, and that of ctx where they do not end in time.
func (r *reads) all(ctx context.Context, namespaces []string, remembered bool) (map[scope]map[mesh.Kind]holds, error) {
	scopes := []scope{{wide: true, remembered: remembered}}
	for _, namespace := range namespaces {
		scopes = append(scopes, scope{namespace: namespace, remembered: remembered})
	}
	joined := map[scope]*read{}
	for _, of := range scopes {
		joined[of] = r.join(ctx, of)
	}
	found := map[scope]map[mesh.Kind]holds{}
	for of, read := range joined {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-read.done:
		}
		if read.err != nil {
			return nil, read.err
		}
		found[of] = read.found
	}
	return found, nil
}
