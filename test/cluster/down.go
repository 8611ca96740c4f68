package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meshward/meshward/test/cluster/internal/flock"
)

// ErrNotRunning says that no cluster runs in the directory.
var ErrNotRunning = errors.New("no cluster runs in this directory")

// Down stops the cluster that runs in the directory, whoever started it, and
// returns when it is gone. It asks the process that started the cluster to stop
// it and signals nobody, so that it cannot hit a stranger. What a cluster left
// that was killed is removed.
//
// It returns ErrNotRunning if there is none, and an error if the holder of the
// directory does not let go before ctx is done.
func Down(ctx context.Context, dir string) error {
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for asked := false; ; {
		gone, err := discardDead(dir)
		if err != nil {
			return fmt.Errorf("stop the cluster in %s: %w", dir, err)
		}
		if gone && asked {
			return nil
		}
		if gone {
			return fmt.Errorf("%s: %w", dir, ErrNotRunning)
		}
		asked = asked || ask(dir)
		select {
		case <-retry.C:
		case <-ctx.Done():
			return fmt.Errorf("the process that holds %s did not let go of it and was left alone; end it yourself: %w",
				filepath.Join(dir, lockFile), context.Cause(ctx))
		}
	}
}

// discardDead removes the cluster in the directory unless a process holds it, and
// reports whether there is none now.
func discardDead(dir string) (gone bool, err error) {
	d, err := reopen(dir)
	if errors.Is(err, flock.ErrHeld) {
		return false, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errForeign) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, d.discard()
}

// ask tells the process that runs the cluster to stop it, and reports whether
// there is one that listens.
func ask(dir string) bool {
	pipe, err := openStopFile(dir)
	if err != nil {
		return false
	}
	defer pipe.Close()
	_, err = pipe.Write([]byte{'\n'})
	return err == nil
}

// openStopFile fails unless a process listens on the other end: a named pipe has
// no other way to be opened for writing alone without waiting.
func openStopFile(dir string) (*os.File, error) {
	path := filepath.Join(dir, stopFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeNamedPipe == 0 {
		return nil, fmt.Errorf("%s is no named pipe", path)
	}
	return os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
}

// listen calls asked when a process asks for the end of the cluster. The caller
// must call the returned function, upon which asked is called if it was not yet.
func (d *directory) listen(asked func()) (finish func(), err error) {
	// It is opened for writing too, or else it would end with the first that looks.
	pipe, err := os.OpenFile(filepath.Join(d.path, stopFile), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("listen for the request to stop: %w", err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer pipe.Close()
		_, _ = pipe.Read(make([]byte, 1)) // a pipe that fails is as good as a request
		asked()
	}()
	// Not every system lets go of a pipe that is closed while it is being read.
	return func() {
		_, _ = pipe.Write([]byte{'\n'}) // it is closed if somebody has asked
		<-over
	}, nil
}
