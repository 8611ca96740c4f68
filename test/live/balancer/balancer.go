// Package balancer stands in for a Service: it spreads TCP connections over those
// backends that are ready.
//
// It knows connections and readiness probes. It must not know what is said over the
// connections. As with a Service, a connection stays where it is when its backend is
// no longer ready, and only new ones go elsewhere.
package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// probeEvery is how soon it is noticed that a backend is ready, or is not. A cluster
	// takes up to some seconds.
	probeEvery = 100 * time.Millisecond
	// probeWithin and dialWithin bound how long a backend may take to answer.
	probeWithin = 2 * time.Second
	dialWithin  = 2 * time.Second
)

// Backend is one of those that connections are given to.
type Backend struct {
	// Address is where it listens, as in 127.0.0.1:9443.
	Address string
	// Ready is the URL that answers with 200 while it is to get connections.
	Ready string
}

// Balancer is safe for concurrent use.
type Balancer struct {
	listener net.Listener
	ctx      context.Context // ends with the balancer
	end      context.CancelFunc
	running  sync.WaitGroup

	mu       sync.Mutex
	backends []*backend
	next     int
	given    map[string]int // connections, by address
}

type backend struct {
	Backend
	removed context.CancelFunc
	ready   bool
	changed chan struct{} // closed, and replaced, when ready changes
}

// Listen starts a balancer without backends on an address, until ctx is done or Close is
// called.
func Listen(ctx context.Context, address string) (*Balancer, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("a balancer: %w", err)
	}
	b := &Balancer{listener: listener, given: map[string]int{}}
	b.ctx, b.end = context.WithCancel(ctx)
	context.AfterFunc(b.ctx, func() { listener.Close() })
	b.running.Go(b.accept)
	return b, nil
}

// Address is where the balancer listens.
func (b *Balancer) Address() string { return b.listener.Addr().String() }

// Close ends the balancer and every connection.
func (b *Balancer) Close() {
	b.end()
	b.running.Wait()
}

// Add lets a backend have connections while it is ready.
func (b *Balancer) Add(added Backend) {
	ctx, cancel := context.WithCancel(b.ctx)
	a := &backend{Backend: added, removed: cancel, changed: make(chan struct{})}
	b.mu.Lock()
	b.backends = append(b.backends, a)
	b.mu.Unlock()
	b.running.Go(func() { b.probe(ctx, a) })
}

// Remove lets a backend have no more connections. It keeps those that it has.
func (b *Balancer) Remove(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, a := range b.backends {
		if a.Address == address {
			a.removed()
			b.backends = append(b.backends[:i:i], b.backends[i+1:]...)
			return
		}
	}
}

// Await returns when a backend is as ready as it should be, and an error when ctx is done
// before.
func (b *Balancer) Await(ctx context.Context, address string, ready bool) error {
	for {
		is, changed := b.state(address)
		if changed == nil {
			return fmt.Errorf("there is no backend %s", address)
		}
		if is == ready {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("backend %s: it is still %v that it is ready: %w", address, is, ctx.Err())
		}
	}
}

// Given is how many connections a backend has had.
func (b *Balancer) Given(address string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.given[address]
}

func (b *Balancer) state(address string) (ready bool, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.backends {
		if a.Address == address {
			return a.ready, a.changed
		}
	}
	return false, nil
}

// probe asks a backend again and again whether it is ready.
func (b *Balancer) probe(ctx context.Context, a *backend) {
	client := &http.Client{Timeout: probeWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		ready := isReady(ctx, client, a.Ready)
		b.mu.Lock()
		if ready != a.ready {
			a.ready = ready
			close(a.changed)
			a.changed = make(chan struct{})
		}
		b.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func isReady(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (b *Balancer) accept() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.running.Go(func() { b.carry(client) })
	}
}

// turn returns the backends that are ready, with the one first whose turn it is.
func (b *Balancer) turn() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ready []string
	for i := range b.backends {
		if a := b.backends[(b.next+i)%len(b.backends)]; a.ready {
			ready = append(ready, a.Address)
		}
	}
	b.next++
	return ready
}

// dial connects to the next backend. One that is gone, and not yet known to be, is passed
// over: nothing was said yet.
func (b *Balancer) dial() (net.Conn, error) {
	failed := errors.New("no backend is ready")
	dialer := net.Dialer{Timeout: dialWithin}
	for _, address := range b.turn() {
		server, err := dialer.DialContext(b.ctx, "tcp", address)
		if err == nil {
			b.mu.Lock()
			b.given[address]++
			b.mu.Unlock()
			return server, nil
		}
		failed = err
	}
	return nil, failed
}

// carry passes on what both sides say until either has said all.
func (b *Balancer) carry(client net.Conn) {
	defer client.Close()
	server, err := b.dial()
	if err != nil {
		return // to the client, the connection breaks off
	}
	defer server.Close()
	defer context.AfterFunc(b.ctx, func() { client.Close(); server.Close() })()
	var both sync.WaitGroup
	both.Go(func() { pass(client, server) })
	both.Go(func() { pass(server, client) })
	both.Wait()
}

// pass says all of one side to the other, and then that this is all.
func pass(from, to net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close() // as abruptly as the other broke off
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // who is gone need not be told
	}
}
