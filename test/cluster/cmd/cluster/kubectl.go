package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/meshward/meshward/test/cluster"
)

// kubectl becomes kubectl, so that terminals and signals are its own.
func kubectl(args []string) (int, error) {
	flags, place := newFlags("kubectl")
	if err := place.parse(flags, args); err != nil {
		return 0, err
	}
	c, err := cluster.Find(place.dir)
	if err != nil {
		return 0, fmt.Errorf("%w; start one with cluster up", err)
	}
	program := filepath.Join(c.BinDir, "kubectl")
	err = syscall.Exec(program, append([]string{program}, flags.Args()...), append(os.Environ(), c.Env()...))
	return 0, fmt.Errorf("run %s: %w", program, err)
}
