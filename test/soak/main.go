// Command soak runs meshward for a while as it runs in a cluster, does to it what happens
// to clusters, and counts what that costs: admissions that were lost or decided wrongly.
//
// It knows how a cluster, its certificates and meshward's replicas are run and broken.
// README.md says what is real about it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/soak/certmanager"
	"github.com/meshward/meshward/test/soak/load"
)

// certManagerCommand makes this binary cert-manager's controllers.
const certManagerCommand = "cert-manager"

// options say how much of everything.
type options struct {
	modes         []string
	rate          int
	restarts      int
	rotations     int
	atLeast       time.Duration
	shutdownDelay time.Duration
	keep          bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == certManagerCommand {
		if err := certmanager.Run(ctx, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "cert-manager:", err)
			os.Exit(1)
		}
		return
	}
	with, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if err := soak(ctx, with, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func parse(arguments []string) (options, error) {
	var with options
	var chosen string
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&chosen, "modes", "self-managed,cert-manager", "ways to have certificates, each with a control plane of its own")
	flags.IntVar(&with.rate, "rate", 200, "admissions a second")
	flags.IntVar(&with.restarts, "restarts", 20, "rolling restarts of all replicas, for each mode")
	flags.IntVar(&with.rotations, "rotations", 10, "rotations of CA and leaf, for each mode")
	flags.DurationVar(&with.atLeast, "duration", 0, "how long each mode goes on at least")
	flags.DurationVar(&with.shutdownDelay, "shutdown-delay", 10*time.Second, "the replicas' quiet period")
	flags.BoolVar(&with.keep, "keep", false, "keep the directory of the control plane, with all logs")
	if err := flags.Parse(arguments); err != nil {
		return with, err
	}
	with.modes = strings.Split(chosen, ",")
	for _, name := range with.modes {
		if !slices.ContainsFunc(modes, func(m mode) bool { return m.name == name }) {
			return with, fmt.Errorf("there is no mode %q", name)
		}
	}
	if with.rate < 1 || with.restarts < 0 || with.rotations < 0 || flags.NArg() > 0 {
		return with, errors.New("a rate is at least 1, restarts and rotations are at least 0, and there are no arguments")
	}
	return with, nil
}

// soak runs every mode, and prints as the last line what it came to. It returns an error
// if anything was lost or wrong, or if a mode could not be gone through.
func soak(ctx context.Context, with options, out io.Writer) error {
	if _, err := cluster.Build(ctx, out); err != nil {
		return err
	}
	var all load.Counts
	var restarts, rotations int
	var failed error
	for _, m := range modes {
		if !slices.Contains(with.modes, m.name) {
			continue
		}
		done, err := soakMode(ctx, m, with, out)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", m.name, err))
		}
		all.Admissions += done.Admissions
		all.Lost += done.Lost
		all.Wrong += done.Wrong
		restarts += done.restarts
		rotations += done.rotations
	}
	if failed != nil {
		fmt.Fprintln(out, failed)
	}
	fmt.Fprintf(out, "soak: %d admissions, %d restarts, %d rotations, %d lost, %d wrong\n", all.Admissions, restarts, rotations, all.Lost, all.Wrong)
	if failed == nil && all.Lost+all.Wrong > 0 {
		failed = errors.New("not every admission was what it has to be")
	}
	return failed
}

// soakMode runs one mode on a control plane of its own.
func soakMode(ctx context.Context, m mode, with options, out io.Writer) (done score, err error) {
	fmt.Fprintf(out, "\n== %s\n", m.name)
	start := cluster.Options{
		Name: "soak", Progress: out,
		// The API server finds the webhook by the Service's endpoints, as there is no
		// kube-proxy.
		APIServerArgs: []string{"--enable-aggregator-routing=true"},
		// It has machines of its own, elsewhere. Here the replicas would wait for theirs
		// behind it, and what is measured would be that.
		Niceness: 10,
	}
	if with.keep {
		if start.Dir, err = os.MkdirTemp("", "meshward-soak-"); err != nil {
			return done, err
		}
		fmt.Fprintf(out, "the directory is %s\n", start.Dir)
	}
	c, err := cluster.Start(ctx, start)
	if err != nil {
		return done, err
	}
	ctx, end := context.WithCancel(ctx)
	defer func() {
		end() // whose programs end by this is no news
		err = errors.Join(err, c.Stop())
	}()
	s, err := openStage(ctx, c, m, with, out)
	if err != nil {
		return done, err
	}
	s.tell("%d replicas are in front of Kubernetes %s", replicas, c.Version)
	return s.play(ctx, with)
}
