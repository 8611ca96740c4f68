package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// hostCommand makes the demo the process that a kept cluster belongs to.
const hostCommand = "host"

// startsWithin bounds how long a host may take, the control plane being built.
const startsWithin = 3 * time.Minute

// readyFile is what a host writes into its directory once meshward serves.
const readyFile = "demo-ready"

func keptDir() (string, error) {
	cache, err := cluster.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "clusters", "demo"), nil
}

// host runs a cluster and meshward until "cluster down" or a signal ends them.
func host(ctx context.Context, dir string) error {
	c, err := open(ctx, dir, os.Stdout)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, readyFile), nil, 0o600); err != nil {
		return errors.Join(err, c.Stop())
	}
	select {
	case <-ctx.Done():
	case <-c.Done():
	}
	return c.Stop()
}

// openHost starts a host that outlives this process, which is what KEEP=1 asks
// for, and returns its cluster.
func openHost(ctx context.Context, dir string, out io.Writer) (*cluster.Cluster, error) {
	if _, err := cluster.Find(dir); err == nil {
		return nil, fmt.Errorf("a demo is up in %s already; stop it with: go run -C test/cluster ./cmd/cluster down --dir %s", dir, dir)
	}
	if _, err := cluster.Build(ctx, out); err != nil { // here, where its progress is read
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(dir + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(self, hostCommand, dir)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the host: %w", err)
	}
	c, err := waitForHost(ctx, command, dir, log.Name())
	if err != nil {
		return nil, err
	}
	said, err := os.ReadFile(log.Name())
	if err != nil {
		return nil, err
	}
	_, err = out.Write(said)
	return c, err
}

func waitForHost(ctx context.Context, command *exec.Cmd, dir, log string) (*cluster.Cluster, error) {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	deadline := time.After(startsWithin)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(filepath.Join(dir, readyFile)); err == nil {
				return cluster.Find(dir)
			}
		case err := <-ended:
			return nil, fmt.Errorf("the host ended: %w; see %s", err, log)
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("the host is not ready after %s; see %s", startsWithin, log), command.Process.Kill())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), command.Process.Signal(syscall.SIGTERM))
		}
	}
}
