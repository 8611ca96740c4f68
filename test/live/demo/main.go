// Command demo shows meshward's main job on a live control plane, as a transcript
// of what a user would type and read. It fails unless every step goes as told.
//
// With KEEP=1 it leaves all running, and says how to reach it and how to stop it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 2 && args[0] == hostCommand {
		return host(ctx, args[1])
	}
	started := time.Now()
	if os.Getenv("KEEP") != "" {
		return keep(ctx, out, started)
	}
	c, err := open(ctx, "", out)
	if err != nil {
		return err
	}
	if err := errors.Join(tell(ctx, c, out), c.Stop()); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nEvery step went as told, in %s. The control plane is stopped; KEEP=1 make demo leaves it up.\n", since(started))
	return nil
}

// open starts a control plane with meshward in front of it.
func open(ctx context.Context, dir string, out io.Writer) (*cluster.Cluster, error) {
	if _, err := cluster.Build(ctx, out); err != nil {
		return nil, err
	}
	started := time.Now()
	c, err := cluster.Start(ctx, cluster.Options{Name: "demo", Dir: dir, Progress: out})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "A control plane is up: Kubernetes %s with Istio's CRDs (%s).\n", c.Version, since(started))
	started = time.Now()
	if _, err := live.Open(ctx, c, live.Options{}); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	fmt.Fprintf(out, "meshward serves its webhooks, installed from config/overlays/local (%s).\n", since(started))
	return c, nil
}

// keep tells the story on a cluster that goes on when this process ends.
func keep(ctx context.Context, out io.Writer, started time.Time) error {
	dir, err := keptDir()
	if err != nil {
		return err
	}
	c, err := openHost(ctx, dir, out)
	if err != nil {
		return err
	}
	if err := tell(ctx, c, out); err != nil {
		return err
	}
	fmt.Fprintf(out, `
Every step went as told, in %s. To reach what was left up:

  export KUBECONFIG=%s PATH=%s:$PATH
  kubectl get pods

To stop it:

  go run -C %s ./cmd/cluster down --dir %s
`, since(started), c.Kubeconfig, c.BinDir, filepath.Join(live.Root(), "test", "cluster"), dir)
	return nil
}

func since(started time.Time) string {
	return time.Since(started).Round(100 * time.Millisecond).String()
}
