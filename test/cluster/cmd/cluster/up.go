package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// upOptions are what the user asked of up.
type upOptions struct {
	place
	nodes   int
	detach  bool
	command []string
}

func up(args []string) (int, error) {
	options, err := parseUp(args)
	if err != nil {
		return 0, err
	}
	running, err := cluster.Find(options.dir)
	if err == nil && options.detach {
		fmt.Fprintf(os.Stderr, "Cluster %q runs already.\n", running.Name)
		tellShell(running)
		return 0, nil
	}
	if err == nil {
		return 0, fmt.Errorf("cluster %q runs already in %s; use that one, stop it with cluster down, or give this one another --name", running.Name, running.Dir)
	}
	if !errors.Is(err, cluster.ErrNotRunning) {
		return 0, err
	}
	if options.detach {
		return 0, detach(options)
	}
	return runForeground(options)
}

// parseUp splits the command to run off at the first "--".
func parseUp(args []string) (*upOptions, error) {
	flags, place := newFlags("up")
	options := &upOptions{}
	flags.IntVar(&options.nodes, "nodes", 1, "`NUMBER` of nodes")
	flags.BoolVar(&options.detach, "detach", false, "leave the cluster running until cluster down")
	own := args
	if i := slices.Index(args, "--"); i >= 0 {
		own, options.command = args[:i], args[i+1:]
	}
	if err := place.parse(flags, own); err != nil {
		return nil, err
	}
	options.place = *place
	if err := noMore(flags, "; a command to run goes after --"); err != nil {
		return nil, err
	}
	if options.detach && len(options.command) > 0 {
		fmt.Fprintln(flags.Output(), "cluster up --detach runs no command; leave out one of the two")
		return nil, errUsage
	}
	return options, nil
}

// runForeground keeps the cluster for as long as somebody is there who wants it.
func runForeground(options *upOptions) (int, error) {
	wanted, forget := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer forget()
	wanted, orphaned := whileParentLives(wanted)
	defer orphaned()
	uninterrupted, forgetInterrupt := signal.NotifyContext(wanted, os.Interrupt)
	defer forgetInterrupt()

	c, err := start(uninterrupted, options, os.Stderr)
	if err != nil {
		return 0, err
	}
	if len(options.command) > 0 {
		// An interrupt is for the command, which may have its own idea of it.
		status, err := runCommand(wanted, c, options.command)
		return status, errors.Join(err, c.Stop())
	}
	tellShell(c)
	fmt.Fprintf(os.Stderr, "Stop it with Ctrl-C, or with: cluster down --dir %s\n", quote(c.Dir))
	select {
	case <-uninterrupted.Done():
	case <-c.Done():
	}
	return 0, c.Stop()
}

// start tells a human what happens.
func start(ctx context.Context, options *upOptions, out io.Writer) (*cluster.Cluster, error) {
	fmt.Fprintf(out, "Starting cluster %q in %s\n", options.name, options.dir)
	began := time.Now()
	c, err := cluster.Start(ctx, cluster.Options{
		Name:     options.name,
		Dir:      options.dir,
		Nodes:    options.nodes,
		Progress: out,
	})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "Ready after %.1f s: Kubernetes %s at %s\n", time.Since(began).Seconds(), c.Version, c.URL)
	return c, nil
}
