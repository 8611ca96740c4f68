package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// apart is how far apart reads of one scope begin: a denial by itself never waits, and those
// of a burst are confirmed together, at a load that does not grow with them.
const apart = 250 * time.Millisecond

// scope is what one live read covers: a kind within a namespace, or in all of them where
// its name is empty.
type scope struct {
	kind       mesh.Kind
	namespace  string
	remembered bool // from the memory of the API server, not from storage
}

// holds are the objects of a kind by name.
type holds map[mesh.Ref]*mesh.Object

// read is one live read. What it found may be looked at once done is closed.
type read struct {
	done  chan struct{}
	found holds
	err   error

	// It goes on for as long as somebody waits for it: of what an API server answers at
	// once it keeps an account for each client, and who waits no more should not be in it.
	ctx     context.Context
	end     context.CancelFunc
	waiting int
}

func (r *read) wait(ctx context.Context) (holds, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.done:
		return r.found, r.err
	}
}

// reads are the live reads that are running. Whoever asks for a scope gets a read that
// began after they asked, or it would say nothing about what was stored until then; all
// who ask before it begins share it.
type reads struct {
	list func(context.Context, scope) (holds, error)

	mu sync.Mutex
	// next is the read that is about to begin, by scope; nil where one is running, or ended
	// a moment ago, and nobody has asked since.
	next map[scope]*read
}

// all returns what the next reads of some scopes find. It returns the error of a read that
// failed, and that of ctx where they do not end in time.
func (r *reads) all(ctx context.Context, scopes []scope) (map[scope]holds, error) {
	joined := make(map[scope]*read, len(scopes))
	for _, of := range scopes {
		joined[of] = r.join(ctx, of)
	}
	defer r.leave(joined)
	found := make(map[scope]holds, len(scopes))
	for of, read := range joined {
		listed, err := read.wait(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s of namespace %q: %w", of.kind, of.namespace, err)
		}
		found[of] = listed
	}
	return found, nil
}

// join waits for the next read of a scope.
func (r *reads) join(ctx context.Context, of scope) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, running := r.next[of]
	if next == nil {
		next = &read{done: make(chan struct{})}
		next.ctx, next.end = context.WithCancel(context.WithoutCancel(ctx)) // it is not of whoever asks first
		r.next[of] = next
	}
	next.waiting++
	if !running {
		go r.run(of)
	}
	return next
}

// leave waits for reads no more.
func (r *reads) leave(joined map[scope]*read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for of, read := range joined {
		read.waiting--
		if read.waiting > 0 {
			continue
		}
		read.end()
		if r.next[of] == read {
			r.next[of] = nil
		}
	}
}

// run reads a scope for as long as somebody asks for it.
func (r *reads) run(of scope) {
	for next := r.take(of); next != nil; next = r.take(of) {
		again := time.NewTimer(apart)
		next.found, next.err = r.list(next.ctx, of)
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
