package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/meshward/meshward/test/live"
)

// bench measures one stage after the other.
type bench struct {
	server  *server
	door    *live.Door
	roots   []byte // in PEM, of the certificate that meshward serves
	aside   io.Writer
	results results
}

func (b *bench) run(ctx context.Context) (*results, error) {
	tell(b.aside, "storing %d services with their subsets", servicesMade)
	if err := b.server.store(ctx, stored()); err != nil {
		return nil, err
	}
	if err := b.server.await(ctx, injectedPods.times(1)); err != nil {
		return nil, err
	}
	for _, stage := range []func(context.Context) error{b.throughServer, b.direct} {
		if err := stage(ctx); err != nil {
			return nil, err
		}
	}
	return &b.results, nil
}

// throughServer asks the API server, and looks before and after each kind of work at what it
// has counted.
func (b *bench) throughServer(ctx context.Context) error {
	for _, first := range []work{plainPods, injectedPods} { // connections, caches, the first pod of a workload
		if _, err := b.server.do(ctx, first.times(warmUp)); err != nil {
			return err
		}
	}
	before, own, err := b.look(ctx)
	if err != nil {
		return err
	}
	used := own
	for _, w := range []work{plainPods, injectedPods, routes, badRoutes, badRoutes.alone(), goneRoutes} {
		tell(b.aside, "%s: %d", w, w.many)
		took, err := b.server.do(ctx, w)
		if err != nil {
			return err
		}
		var after histograms
		if after, used, err = b.look(ctx); err != nil {
			return err
		}
		b.results.asked = append(b.results.asked, asked{took: took, added: after.since(before)})
		before = after
	}
	b.results.usage = append(b.results.usage, used.since("while the API server asked", own))
	return nil
}

// direct asks the replica, as fast as it answers in time.
func (b *bench) direct(ctx context.Context) error {
	questions, err := b.questions(ctx)
	if err != nil {
		return err
	}
	own, err := b.own(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	for _, q := range questions {
		found, err := b.hold(ctx, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		b.results.held = append(b.results.held, holding{what: q.what, found: found})
	}
	used, err := b.own(ctx)
	if err != nil {
		return err
	}
	b.results.usage = append(b.results.usage, used.since(fmt.Sprintf("while asked directly, %s", time.Since(began).Round(time.Second)), own))
	return nil
}

// hold finds what rate of a question the replica holds.
func (b *bench) hold(ctx context.Context, q question) (search, error) {
	asker, err := newAsker("https://"+b.door.Address(), b.roots, q)
	if err != nil {
		return search{}, err
	}
	defer asker.close()
	if err := asker.warm(ctx); err != nil {
		return search{}, err
	}
	return highest(func(rate int) (trial, error) {
		before, err := b.own(ctx)
		if err != nil {
			return trial{}, err
		}
		tried, err := asker.try(ctx, rate)
		if err != nil {
			return trial{}, err
		}
		after, err := b.own(ctx)
		tried.cpu = seconds((after.cpu - before.cpu) / float64(asker.times(rate)))
		tell(b.aside, "%s at %d/s: %s", q.what, rate, tried)
		return tried, err
	})
}

// look reads the metrics of the API server and of meshward.
func (b *bench) look(ctx context.Context) (histograms, process, error) {
	text, err := b.server.get(ctx, "/metrics")
	if err != nil {
		return nil, process{}, err
	}
	admissions, err := readHistograms(text)
	if err != nil {
		return nil, process{}, err
	}
	own, err := b.own(ctx)
	return admissions, own, err
}

// own is what meshward says of itself.
func (b *bench) own(ctx context.Context) (process, error) {
	text, err := fetch(ctx, b.door.Metrics)
	if err != nil {
		return process{}, err
	}
	return readProcess(text)
}
