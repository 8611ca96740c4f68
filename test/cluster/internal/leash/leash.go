// Package leash ties the life of a process to the life of the process that
// asked for it, however that one ends.
//
// The asker keeps the writing end of a pipe and nobody else has it; what it
// starts inherits the reading end. The kernel closes the writing end with its
// only holder, also on SIGKILL, and whoever reads then sees the end of the file.
// Nothing is ever written.
//
// The package knows both ends of that pipe and must not know what hangs on it.
package leash

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// variable names the inherited descriptor to the process on the leash.
const variable = "MESHWARD_LEASH_FD"

// Leash is the asker's end. It is safe for concurrent use.
type Leash struct {
	held, inherited *os.File
}

// New makes a leash on which nothing hangs yet. It fails when the system has no
// descriptors left.
func New() (*Leash, error) {
	inherited, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipe of a leash: %w", err)
	}
	return &Leash{held: held, inherited: inherited}, nil
}

// Tie puts a command that has not started on the leash. The program must call
// Obey; to any other program the leash means nothing. Tie appends to the command's
// environment, which must not be replaced afterwards, and to its files.
func (l *Leash) Tie(command *exec.Cmd) {
	const firstExtraFile = 3 // after standard input, output and error
	descriptor := firstExtraFile + len(command.ExtraFiles)
	command.ExtraFiles = append(command.ExtraFiles, l.inherited)
	command.Env = append(command.Environ(), variable+"="+strconv.Itoa(descriptor))
}

// Release ends everything on the leash. Releasing twice is harmless.
func (l *Leash) Release() {
	l.held.Close()
	l.inherited.Close()
}

// Obey calls end, once and from another goroutine, when the process that asked
// for this one is gone or has let go. Without a leash it does nothing.
//
// It takes the leash away from the children of this process, which have not been
// asked for by the one that holds it.
func Obey(end func()) {
	descriptor, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		return
	}
	os.Unsetenv(variable)
	syscall.CloseOnExec(descriptor)
	inherited := os.NewFile(uintptr(descriptor), "leash")
	go func() {
		io.Copy(io.Discard, inherited)
		end()
	}()
}
