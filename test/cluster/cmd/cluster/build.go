package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/meshward/meshward/test/cluster"
)

// build prints the folder of the programs.
func build(args []string) (int, error) {
	flags := flag.NewFlagSet("cluster build", flag.ContinueOnError)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0, err
	} else if err != nil {
		return 0, errUsage
	}
	if err := noMore(flags, ""); err != nil {
		return 0, err
	}
	ctx, forget := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer forget()
	folder, err := cluster.Build(ctx, os.Stderr)
	if err != nil {
		return 0, err
	}
	fmt.Println(folder)
	return 0, nil
}
