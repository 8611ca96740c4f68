// Package flock keeps two processes from doing one thing at the same time, by a
// lock on a file that the kernel takes back when its holder ends.
//
// It knows files and must not know what they guard.
package flock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that another process, or another lock of this one, holds the file.
var ErrHeld = errors.New("the lock is held")

// Lock is a file that is held. Closing it lets go.
type Lock struct{ *os.File }

// Try takes the lock on the file at path, which it creates for the user alone,
// or returns ErrHeld. Any other error is the file system's.
func Try(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = stillThere(file, path)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrHeld
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Lock{file}, nil
}

// stillThere guards against a holder that removed the file before it let go: a
// lock on a file without a name excludes nobody.
func stillThere(file *os.File, path string) error {
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(locked, named) {
		return ErrHeld
	}
	return nil
}

// Wait is Try until the lock is free or ctx is done.
func Wait(ctx context.Context, path string) (*Lock, error) {
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		lock, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s, which another process holds: %w", path, context.Cause(ctx))
		case <-retry.C:
		}
	}
}
