//go:build !race

package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/kwok/kustomize/stage/node/fast"
	lease "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	pod "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

// stages are kwok's own rules for what a healthy kubelet would do next with a
// node or a pod; its binary has none unless it is told.
var stages = []string{
	fast.DefaultNodeInit,
	lease.DefaultNodeHeartbeatWithLease,
	pod.DefaultPodReady,
	pod.DefaultPodComplete,
	pod.DefaultPodDelete,
}

func kwok() {
	if err := runKwok(signals.SetupSignalContext()); err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		os.Exit(1)
	}
}

func runKwok(ctx context.Context) error {
	// kwok takes its stages from a file or from standard input, not from a caller.
	stdin, feed, err := os.Pipe()
	if err != nil {
		return err
	}
	go func() {
		defer feed.Close()
		if _, err := feed.WriteString(strings.Join(stages, "\n---\n")); err != nil {
			fmt.Fprintln(os.Stderr, "kwok: pass on the stages:", err)
		}
	}()
	os.Stdin = stdin
	os.Args = append(os.Args, "--config=-")

	// The other programs put flags of their own, such as --version, into every
	// command of the process that they are linked into.
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	global := pflag.NewFlagSet("global", pflag.ContinueOnError)
	global.ParseErrorsAllowlist.UnknownFlags = true
	global.Usage = func() {}
	ctx, _ = log.InitFlags(ctx, global)
	ctx, err = config.InitFlags(ctx, global)
	if err != nil {
		return err
	}
	command := cmd.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(global)
	return command.ExecuteContext(ctx)
}
