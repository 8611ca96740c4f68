package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/meshward/meshward/test/cluster"
)

// runCommand returns the exit status of a command that ends with the cluster at
// the latest.
func runCommand(ctx context.Context, c *cluster.Cluster, words []string) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	command := c.Command(ctx, words[0], words[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	if command.ProcessState == nil {
		return 0, fmt.Errorf("run %s: %w", words[0], err)
	}
	if status := command.ProcessState.ExitCode(); status >= 0 {
		return status, nil
	}
	return 128 + int(syscall.SIGKILL), nil // it was told to end and did not
}
