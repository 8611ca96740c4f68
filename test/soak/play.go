package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meshward/meshward/test/soak/load"
)

// score is what a mode came to.
type score struct {
	load.Counts
	restarts, rotations int
}

// calm is how long the load runs after each fault before the next.
const calm = 3 * time.Second

// play runs the load, and does what is done to it meanwhile.
func (s *stage) play(ctx context.Context, with options) (score, error) {
	began := time.Now()
	asking, enough := context.WithCancel(ctx)
	defer enough()
	var running sync.WaitGroup
	running.Go(func() { s.load.Run(asking) })
	var done score
	err := s.faults(ctx, with, &done)
	if rest := with.atLeast - time.Since(began); err == nil && rest > 0 {
		s.load.Phase("the rest of the time")
		err = wait(ctx, rest)
	}
	enough()
	running.Wait()
	err = errors.Join(err, s.countFailures(ctx))
	done.Counts = s.load.Counts()
	s.tell("%d admissions, %d lost, %d wrong", done.Admissions, done.Lost, done.Wrong)
	fmt.Fprint(s.out, s.load.Summary())
	for _, problem := range s.load.Problems() {
		fmt.Fprintf(s.out, "  %s\n", problem)
	}
	return done, err
}

func (s *stage) faults(ctx context.Context, with options, done *score) error {
	if err := s.restartsAndRotations(ctx, with, done); err != nil {
		return err
	}
	for _, fault := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"kill -9 of the leader", s.killLeader},
		{"a restart of the API server", s.restartAPIServer},
		{"a pause of etcd", s.pauseEtcd},
		{"an emptied caBundle", s.spoilBundle(nil)},
		{"a caBundle of somebody else", s.spoilBundle(s.CA())},
		{"a deleted certificate Secret", s.loseSecret},
		{"all replicas dead", s.allDead},
	} {
		s.load.Phase(fault.name)
		s.tell("%s", fault.name)
		took, err := timed(func() error { return fault.do(ctx) })
		if err != nil {
			return fmt.Errorf("%s: %w", fault.name, err)
		}
		if err := errors.Join(wait(ctx, calm), s.countFailures(ctx)); err != nil {
			return err
		}
		s.tell("  done after %s, %s", took, s.sofar())
	}
	return nil
}

// restartsAndRotations does both at once, each one after the other.
func (s *stage) restartsAndRotations(ctx context.Context, with options, done *score) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.load.Phase("restarts and rotations")
	var restarts, rotations atomic.Int64
	var both sync.WaitGroup
	var restarting, rotating error
	both.Go(func() {
		restarting = s.repeat(ctx, "restart", with.restarts, &restarts, func(ctx context.Context, n int) error {
			if n%2 == 1 {
				return s.fleet.restart(ctx)
			}
			return s.fleet.roll(ctx)
		})
		if restarting != nil {
			cancel()
		}
	})
	both.Go(func() {
		rotating = s.repeat(ctx, "rotation", with.rotations, &rotations, s.rotation)
		if rotating != nil {
			cancel()
		}
	})
	both.Wait()
	done.restarts, done.rotations = int(restarts.Load()), int(rotations.Load())
	if err := errors.Join(restarting, rotating); err != nil {
		return err
	}
	return s.countFailures(ctx)
}

func (s *stage) repeat(ctx context.Context, what string, times int, count *atomic.Int64, do func(context.Context, int) error) error {
	for n := range times {
		took, err := timed(func() error { return do(ctx, n) })
		if err != nil {
			return fmt.Errorf("%s %d: %w", what, n+1, err)
		}
		count.Add(1)
		s.tell("%s %d of %d took %s, %s", what, n+1, times, took, s.sofar())
	}
	return nil
}

func (s *stage) sofar() string {
	counts := s.load.Counts()
	return fmt.Sprintf("%d lost and %d wrong so far", counts.Lost, counts.Wrong)
}

func wait(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}
