// Package daemon runs a program in the background and tells how it ended.
//
// It knows processes and their logs, and must not know what a program is for.
package daemon

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster/internal/leash"
)

// patience is how long a guard may take to end its program.
const patience = 5 * time.Second

// Daemon is a program that was started and is meant to run until its leash is
// released.
type Daemon struct {
	name    string
	log     string
	command *exec.Cmd
	ended   chan struct{}
	err     error // how it ended; set before ended is closed
}

// Start runs the command, which must be a guard's, on a leash and appends its
// output to the file log. It returns an error if the log cannot be written or the
// guard cannot be run; that the program cannot be run shows in its end.
func Start(name string, command *exec.Cmd, on *leash.Leash, log string) (*Daemon, error) {
	output, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	defer output.Close()
	command.Stdout, command.Stderr = output, output
	// A terminal interrupts its whole process group, but means the asker. The guard
	// needs a group of its own to end what the program started.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	on.Tie(command)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	d := &Daemon{name: name, log: log, command: command, ended: make(chan struct{})}
	go func() {
		d.err = command.Wait()
		close(d.ended)
	}()
	return d, nil
}

// Ended is closed when the program has ended, for whatever reason.
func (d *Daemon) Ended() <-chan struct{} { return d.ended }

// Terminate asks the program to end.
func (d *Daemon) Terminate() error {
	return d.command.Process.Signal(syscall.SIGTERM) // the guard passes it on
}

// Signal sends a signal to the program and to its guard, of the kind that neither can
// act on, such as SIGSTOP.
func (d *Daemon) Signal(signal syscall.Signal) error {
	return syscall.Kill(-d.command.Process.Pid, signal)
}

// Failure describes the end of a program that was not meant to end, with the last
// lines of its log. It may be called only once Ended is closed.
func (d *Daemon) Failure() error {
	how := "exit status 0"
	if d.err != nil {
		how = d.err.Error()
	}
	last, err := lastLines(d.log)
	if err != nil {
		return fmt.Errorf("%s ended by itself: %s, and its log cannot be read: %w", d.name, how, err)
	}
	return fmt.Errorf("%s ended by itself: %s; the end of %s:\n%s", d.name, how, d.log, last)
}

// Wait returns when the program, its leash released, has ended. If the guard does
// not see to that within five seconds, both are killed.
func (d *Daemon) Wait() {
	select {
	case <-d.ended:
		return
	case <-time.After(patience):
	}
	syscall.Kill(-d.command.Process.Pid, syscall.SIGKILL)
	<-d.ended
}

// lastLines returns at most the last 12 lines, and at most 8 KiB, of a file.
func lastLines(path string) (string, error) {
	const lines, size = 12, 8 << 10
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	text := make([]byte, min(info.Size(), size))
	if _, err := file.ReadAt(text, info.Size()-int64(len(text))); err != nil {
		return "", err
	}
	all := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n"), nil
}
