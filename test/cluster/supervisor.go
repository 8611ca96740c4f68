package cluster

import (
	"context"
	"errors"
	"os/exec"
	"sync"

	"github.com/meshward/meshward/test/cluster/internal/daemon"
	"github.com/meshward/meshward/test/cluster/internal/leash"
)

// Why a cluster stops that has not failed.
var (
	errStopped = errors.New("the cluster was stopped")
	errAsked   = errors.New("another process stopped the cluster")
)

// supervisor runs the programs of a cluster until the first reason to stop: that
// the cluster does not become ready, that a program ends by itself, Down, or Stop.
// Then it stops all of them and gives up the directory.
type supervisor struct {
	directory *directory
	leash     *leash.Leash

	stopping context.Context // its cause is the reason
	stop     context.CancelCauseFunc
	stopped  chan struct{}

	mu      sync.Mutex
	daemons []*daemon.Daemon // fixed once stopping is done
	roles   map[string]role  // what plays each role now

	// Both are set before stopped is closed.
	failure    error // the reason, if the cluster should not have stopped
	cleanUpErr error
}

// role is a program that runs, and how it was started.
type role struct {
	*daemon.Daemon
	args []string
}

// supervise answers Down from now on. The caller must see to it that stop is
// called.
func supervise(directory *directory, leash *leash.Leash) (*supervisor, error) {
	s := &supervisor{directory: directory, leash: leash, stopped: make(chan struct{}), roles: map[string]role{}}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	finish, err := directory.listen(func() { s.stop(errAsked) })
	if err != nil {
		return nil, err
	}
	go func() {
		<-s.stopping.Done()
		s.stopDaemons()
		finish()
		s.cleanUp(context.Cause(s.stopping))
		close(s.stopped)
	}()
	return s, nil
}

// start adds a program, which comes as the command of its guard and with its own
// arguments. It returns an error if that cannot be run or if the cluster stops already.
func (s *supervisor) start(name string, args []string, guarded *exec.Cmd, log string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Err() != nil {
		return context.Cause(s.stopping)
	}
	d, err := daemon.Start(name, guarded, s.leash, log)
	if err != nil {
		return err
	}
	s.daemons = append(s.daemons, d)
	s.roles[name] = role{Daemon: d, args: args}
	go func() {
		<-d.Ended()
		if s.stopping.Err() == nil && s.plays(name, d) {
			s.stop(d.Failure())
		}
	}()
	return nil
}

// plays returns whether a role is still that daemon's.
func (s *supervisor) plays(name string, d *daemon.Daemon) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roles[name].Daemon == d
}

func (s *supervisor) stopDaemons() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leash.Release()
	for _, d := range s.daemons {
		d.Wait()
	}
}

// cleanUp leaves the directory of a cluster that has failed for a human to see.
func (s *supervisor) cleanUp(reason error) {
	if errors.Is(reason, errStopped) || errors.Is(reason, errAsked) {
		s.cleanUpErr = s.directory.discard()
		return
	}
	s.failure = reason
	s.cleanUpErr = s.directory.abandon()
}
