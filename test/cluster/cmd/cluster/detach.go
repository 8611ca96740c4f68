package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/meshward/meshward/test/cluster"
)

// A detached cluster belongs to a process of its own, which runs the command keep
// and lasts until cluster down. Until the cluster is ready it writes what a human
// should see to this descriptor, and then closes it.
const reportDescriptor = 3

// detach starts that process and returns when the cluster is ready.
func detach(options *upOptions) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program to keep the cluster: %w", err)
	}
	report, reportTo, err := os.Pipe()
	if err != nil {
		return err
	}
	keeper := exec.Command(self, "keep", "--name", options.name, "--dir", options.dir, "--nodes", strconv.Itoa(options.nodes))
	keeper.ExtraFiles = []*os.File{reportTo}
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal ends it
	if err := keeper.Start(); err != nil {
		return fmt.Errorf("start the process to keep the cluster: %w", err)
	}
	reportTo.Close()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-interrupts
		keeper.Process.Signal(syscall.SIGTERM)
	}()
	io.Copy(os.Stderr, report)
	c, err := cluster.Find(options.dir)
	if err != nil {
		return errors.New("the cluster did not start")
	}
	tellShell(c)
	fmt.Fprintf(os.Stderr, "Stop it with: cluster down --dir %s\n", quote(c.Dir))
	return nil
}

// keep is the command of that process.
func keep(args []string) (int, error) {
	options, err := parseUp(args)
	if err != nil {
		return 0, err
	}
	ctx, forget := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer forget()
	report := os.NewFile(reportDescriptor, "report")
	syscall.CloseOnExec(reportDescriptor)
	c, err := start(ctx, options, report)
	if err != nil {
		fmt.Fprintln(report, "cluster:", err)
		return 1, nil
	}
	report.Close()
	select {
	case <-ctx.Done():
	case <-c.Done():
	}
	if err := c.Stop(); err != nil {
		return 1, os.WriteFile(filepath.Join(c.Dir, "logs", "cluster.log"), []byte(err.Error()+"\n"), 0o600)
	}
	return 0, nil
}
