// Command guard runs a program that knows nothing of the leash, and kills it
// when the leash is let go. It ends as that program ends.
//
// It knows processes and must not know what it runs. It is built before all else,
// so that even the compiler runs under it, and so needs the standard library alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/meshward/meshward/test/cluster/internal/leash"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "guard: there is nothing to run; give a program and its arguments")
		os.Exit(2)
	}
	status, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(127)
	}
	os.Exit(status)
}

// run returns the program's exit status as a shell would report it, or an error
// if it cannot be started.
func run(program string, args []string) (int, error) {
	released, release := context.WithCancel(context.Background())
	leash.Obey(release)
	command := exec.CommandContext(released, program, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = dieWithParent()

	// Linux takes the end of the thread that started a child for the end of its
	// parent, so this thread has to stay.
	runtime.LockOSThread()
	passed := passSignals()
	if err := command.Start(); err != nil {
		return 0, err
	}
	go func() {
		for signal := range passed {
			command.Process.Signal(signal)
		}
	}()
	command.Wait() // the state says all that this returns
	if released.Err() != nil {
		endGroup()
	}
	if state, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		return 128 + int(state.Signal()), nil
	}
	return command.ProcessState.ExitCode(), nil
}

// passSignals keeps this process from dying of a signal before its child does, and
// returns those that were meant for the child. A terminal interrupts the child by
// itself; passing that on as well would interrupt twice.
func passSignals() <-chan os.Signal {
	interrupts := make(chan os.Signal, 1) // read by nobody
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGQUIT)
	passed := make(chan os.Signal, 8) // a signal that finds it full is lost
	signal.Notify(passed, syscall.SIGTERM, syscall.SIGHUP)
	return passed
}

// endGroup kills what the child may have started, and this process with it, if
// they have a process group of their own; else strangers are in it.
func endGroup() {
	if syscall.Getpgrp() == os.Getpid() {
		syscall.Kill(0, syscall.SIGKILL)
	}
}
