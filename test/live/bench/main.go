// Command bench measures what meshward costs through a real API server, and what one replica
// holds.
//
// It asks as clients do and reads the metrics that everybody can read. It must not know how
// meshward works. It holds nothing to a budget: everything measured shares one machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

// niceness of the control plane: it would be on a machine of its own, and the replica is not
// to wait for it.
const niceness = 10

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// run starts what is measured, measures it, and prints the table to out and progress to
// aside.
func run(ctx context.Context, out, aside io.Writer) error {
	if _, err := cluster.Build(ctx, aside); err != nil {
		return err
	}
	tell(aside, "starting a control plane with meshward in front of it")
	c, err := cluster.Start(ctx, cluster.Options{Name: "bench", Niceness: niceness, Progress: aside})
	if err != nil {
		return err
	}
	results, err := measure(ctx, c, aside)
	if err := errors.Join(err, c.Stop()); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nKubernetes %s, %s/%s, %d CPUs, which all of this shares: the clients,\nthe control plane (nice %d), and one replica.\n\n",
		c.Version, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), niceness)
	return results.write(out)
}

func measure(ctx context.Context, c *cluster.Cluster, aside io.Writer) (*results, error) {
	door, err := live.Open(ctx, c, live.Options{})
	if err != nil {
		return nil, err
	}
	server, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	b := &bench{server: server, door: door, roots: c.CA(), aside: aside}
	return b.run(ctx)
}

func tell(aside io.Writer, format string, arguments ...any) {
	fmt.Fprintf(aside, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, arguments...))
}
