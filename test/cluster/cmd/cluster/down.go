package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// patience is how long a cluster may take to stop; it takes a fraction of a second.
const patience = 30 * time.Second

// down succeeds as well if there is nothing to stop.
func down(args []string) (int, error) {
	flags, place := newFlags("down")
	if err := place.parse(flags, args); err != nil {
		return 0, err
	}
	if err := noMore(flags, ""); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, fmt.Errorf("no answer for %s", patience))
	defer cancel()
	err := cluster.Down(ctx, place.dir)
	if errors.Is(err, cluster.ErrNotRunning) {
		fmt.Fprintln(os.Stderr, err)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(os.Stderr, "Stopped the cluster in %s\n", place.dir)
	return 0, nil
}
