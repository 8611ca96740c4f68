package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live/balancer"
)

// fleet is the replicas behind one balancer, as a Deployment and a Service keep them.
type fleet struct {
	cluster   *cluster.Cluster
	balancer  *balancer.Balancer
	binary    string
	dir       string
	arguments []string
	// mount gives a replica a folder with the certificate; nil where it has its own.
	mount func(ctx context.Context, dir string) (unmount func(), err error)

	changing sync.Mutex // held by whoever changes replicas
	mu       sync.Mutex
	replicas []*replica
	started  int
}

// all are the replicas that are meant to run.
func (f *fleet) all() []*replica {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.replicas)
}

// add starts one more replica and returns when it is ready.
func (f *fleet) add(ctx context.Context) error {
	f.mu.Lock()
	f.started++
	name := fmt.Sprintf("meshward-%d", f.started)
	f.mu.Unlock()
	arguments, unmount := slices.Clone(f.arguments), func() {}
	if f.mount != nil {
		folder := f.dir + "/" + name
		var err error
		if unmount, err = f.mount(ctx, folder); err != nil {
			return err
		}
		arguments = append(arguments, "--cert-dir", folder)
	}
	added, err := startReplica(f.cluster, f.binary, f.dir, name, arguments)
	if err != nil {
		unmount()
		return err
	}
	added.unmount = unmount
	f.mu.Lock()
	f.replicas = append(f.replicas, added)
	f.mu.Unlock()
	f.balancer.Add(balancer.Backend{Address: added.address, Ready: added.readyz})
	return added.awaitReady(ctx)
}

// scale starts so many replicas at once, and returns when all are ready.
func (f *fleet) scale(ctx context.Context, replicas int) error {
	started := make(chan error, replicas)
	for range replicas {
		go func() { started <- f.add(ctx) }()
	}
	var failed error
	for range replicas {
		failed = errors.Join(failed, <-started)
	}
	return failed
}

// forget takes a replica that ends out of the count. The balancer sees by its readiness
// that it goes, as an API server sees by that of the endpoint.
func (f *fleet) forget(r *replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replicas = slices.DeleteFunc(f.replicas, func(one *replica) bool { return one == r })
}

// drain ends a replica as a kubelet does, and returns when it has ended.
func (f *fleet) drain(ctx context.Context, r *replica) error {
	f.forget(r)
	defer f.balancer.Remove(r.address)
	if err := r.terminate(); err != nil {
		return err
	}
	return r.awaitEnd(ctx)
}

// roll replaces every replica as an update of a Deployment does: a new one is ready before
// an old one is told to go, and nobody waits until that has gone.
func (f *fleet) roll(ctx context.Context) error {
	f.changing.Lock()
	defer f.changing.Unlock()
	old := f.all()
	gone := make(chan error, len(old))
	var failed error
	for _, r := range old {
		if err := f.add(ctx); err != nil {
			return err
		}
		go func() { gone <- f.drain(ctx, r) }()
	}
	for range old {
		failed = errors.Join(failed, <-gone)
	}
	return failed
}

// restart replaces every replica as a drain of its node does where there is no room for
// one more: it ends, and another takes its place.
func (f *fleet) restart(ctx context.Context) error {
	f.changing.Lock()
	defer f.changing.Unlock()
	for _, r := range f.all() {
		if err := f.drain(ctx, r); err != nil {
			return err
		}
		if err := f.add(ctx); err != nil {
			return err
		}
	}
	return nil
}

// killed ends a replica with SIGKILL, and starts another in its place.
func (f *fleet) killed(ctx context.Context, r *replica) error {
	f.changing.Lock()
	defer f.changing.Unlock()
	f.forget(r)
	if err := r.kill(); err != nil {
		return err
	}
	<-r.ended
	r.unmount()
	f.balancer.Remove(r.address)
	return f.add(ctx)
}

// die ends every replica with SIGKILL.
func (f *fleet) die() error {
	f.changing.Lock()
	defer f.changing.Unlock()
	for _, r := range f.all() {
		f.forget(r)
		if err := r.kill(); err != nil {
			return err
		}
		<-r.ended
		r.unmount()
		f.balancer.Remove(r.address)
	}
	return nil
}

// of returns the replica that runs as a process, and nil if none does.
func (f *fleet) of(process int) *replica {
	group, err := syscall.Getpgid(process)
	if err != nil {
		return nil
	}
	for _, r := range f.all() {
		if r.command.Process.Pid == group {
			return r
		}
	}
	return nil
}
