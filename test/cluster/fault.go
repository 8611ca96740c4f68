package cluster

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// grace is how long a program may take to end. An API server waits a minute for those
// who watch, if it is let; then kubelets kill it as well.
const grace = 5 * time.Second

// Restart ends a program of the cluster as a kubelet does, with SIGTERM and then with
// SIGKILL, and starts it again as it was. It returns when that is done, and for the API
// server when it is ready. The role is the program's name upstream.
//
// It returns an error if this process does not run the cluster, if the program does
// not run, or if ctx is done first.
func (c *Cluster) Restart(ctx context.Context, role string) error {
	if c.supervisor == nil {
		return fmt.Errorf("restart %s: another process runs the cluster", role)
	}
	retired, err := c.supervisor.retire(role)
	if err != nil {
		return fmt.Errorf("restart %s: %w", role, err)
	}
	select {
	case <-retired.Ended():
	case <-time.After(grace):
		if err := retired.Signal(syscall.SIGKILL); err != nil {
			return err
		}
		<-retired.Ended()
	}
	if err := c.run(role, retired.args); err != nil {
		return err
	}
	if role != "kube-apiserver" {
		return nil
	}
	return poll(ctx, "the API server to be ready again", func(ctx context.Context) error { return c.api.get(ctx, "/readyz", nil) })
}

// Pause stops a program of the cluster where it is, as a machine does that is
// starved of its disk, until resume is called. The role is the program's name
// upstream. It returns an error if this process does not run the cluster or if the
// program does not run.
func (c *Cluster) Pause(role string) (resume func() error, err error) {
	if c.supervisor == nil {
		return nil, fmt.Errorf("pause %s: another process runs the cluster", role)
	}
	paused, err := c.supervisor.running(role)
	if err != nil {
		return nil, fmt.Errorf("pause %s: %w", role, err)
	}
	if err := paused.Signal(syscall.SIGSTOP); err != nil {
		return nil, err
	}
	return func() error { return paused.Signal(syscall.SIGCONT) }, nil
}

// running returns what plays a role, or an error if nothing does.
func (s *supervisor) running(name string) (role, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.roles[name]
	if !ok {
		return role{}, errors.New("it does not run")
	}
	return found, nil
}

// retire takes a role from its program, whose end is no reason for the cluster to
// stop from now on, and asks that to end.
func (s *supervisor) retire(name string) (role, error) {
	retired, err := s.running(name)
	if err != nil {
		return role{}, err
	}
	s.mu.Lock()
	delete(s.roles, name)
	s.mu.Unlock()
	return retired, retired.Terminate()
}
