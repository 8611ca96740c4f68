package cluster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/meshward/meshward/test/cluster/internal/flock"
)

// What a cluster's directory holds. The lock is held for as long as the cluster
// lives, and by its text it marks the directory as one of ours. Of the rest, logs
// may outlast the cluster and scratch does not.
const (
	lockFile       = "meshward-cluster.lock"
	stopFile       = "stop"
	stateFile      = "cluster.json"
	logFolder      = "logs"
	binFolder      = "bin"
	pkiFolder      = "pki"
	etcdFolder     = "etcd"
	homeFolder     = "home"
	kubeconfigsDir = "kubeconfigs"
)

var scratch = []string{stopFile, stateFile, binFolder, pkiFolder, etcdFolder, homeFolder, kubeconfigsDir}

// The texts of a lock. They tell other processes, too, what becomes of the
// directory.
const (
	made  = "This directory was made for a test cluster of meshward and goes with it.\n"
	kept  = "This directory was made for a test cluster of meshward that failed, and is for you to look at.\n"
	found = "A test cluster of meshward uses this directory, which stays.\n"
)

// ErrRunning says that the directory is another cluster's.
var ErrRunning = errors.New("a cluster runs in this directory already")

// errForeign says that no cluster has ever been in the directory.
var errForeign = errors.New("holds something else than a cluster; name an empty or absent directory")

// directory is a cluster's directory, held against other processes.
type directory struct {
	path string
	lock *flock.Lock
	text string
}

// claim takes the directory for a new cluster and empties it of what an earlier
// one left. It refuses a directory that holds anything but a cluster, and returns
// ErrRunning for one in use.
func claim(path string) (*directory, error) {
	d, err := lockDirectory(path)
	for errors.Is(err, fs.ErrNotExist) { // its last owner removed it under our hands
		d, err = lockDirectory(path)
	}
	if errors.Is(err, flock.ErrHeld) {
		return nil, fmt.Errorf("%s: %w; stop that one, or name another directory", path, ErrRunning)
	}
	if err != nil {
		return nil, fmt.Errorf("take a directory for a cluster: %w", err)
	}
	if err := d.prepare(); err != nil {
		d.lock.Close()
		return nil, fmt.Errorf("prepare the directory of a cluster: %w", err)
	}
	return d, nil
}

func lockDirectory(path string) (*directory, error) {
	if path == "" {
		return newTemporary()
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		return mark(path, made)
	}
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return mark(path, found)
	}
	return reopen(path)
}

// mark takes a directory that has been nobody's.
func mark(path, text string) (*directory, error) {
	lock, err := flock.Try(filepath.Join(path, lockFile))
	if err != nil {
		return nil, err
	}
	d := &directory{path: path, lock: lock}
	if err := d.write(text); err != nil {
		lock.Close()
		return nil, err
	}
	return d, nil
}

// reopen takes a directory that has been a cluster's, and returns errForeign for
// any other.
func reopen(path string) (*directory, error) {
	name := filepath.Join(path, lockFile)
	if !exists(name) {
		return nil, fmt.Errorf("%s %w", path, errForeign)
	}
	lock, err := flock.Try(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(lock)
	if err == nil && !slices.Contains([]string{made, kept, found}, string(text)) {
		err = fmt.Errorf("%s %w", path, errForeign)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &directory{path: path, lock: lock, text: string(text)}, nil
}

// write replaces the text of the lock.
func (d *directory) write(text string) error {
	if err := d.lock.Truncate(0); err != nil {
		return err
	}
	_, err := d.lock.WriteAt([]byte(text), 0)
	d.text = text
	return err
}

func (d *directory) prepare() error {
	if d.text == kept {
		if err := d.write(made); err != nil {
			return err
		}
	}
	if err := d.clear(); err != nil {
		return err
	}
	if err := d.remove(logFolder); err != nil {
		return err
	}
	for _, folder := range []string{logFolder, binFolder, pkiFolder, homeFolder, kubeconfigsDir} {
		if err := os.Mkdir(filepath.Join(d.path, folder), 0o700); err != nil {
			return err
		}
	}
	return syscall.Mkfifo(filepath.Join(d.path, stopFile), 0o600)
}

// clear removes what a cluster left: everything from a directory that was made
// for it, but scratch alone from one that was found.
func (d *directory) clear() error {
	if d.text == found {
		return d.remove(scratch...)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != lockFile {
			names = append(names, entry.Name())
		}
	}
	return d.remove(names...)
}

func (d *directory) remove(names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, os.RemoveAll(filepath.Join(d.path, name)))
	}
	return errors.Join(errs...)
}

// discard clears the directory, removes it if it was made for the cluster, and
// gives it up. The lock goes last: without it, the directory is anybody's.
func (d *directory) discard() error {
	defer d.lock.Close()
	if err := d.clear(); err != nil || d.text == found {
		return err
	}
	if err := os.Remove(d.lock.Name()); err != nil {
		return err
	}
	if err := os.Remove(d.path); !errors.Is(err, syscall.ENOTEMPTY) { // it may be the next cluster's
		return err
	}
	return nil
}

// abandon gives the directory up and leaves everything for a human to look at.
func (d *directory) abandon() error {
	defer d.lock.Close()
	if d.text == made {
		if err := d.write(kept); err != nil {
			return err
		}
	}
	return d.remove(stopFile, stateFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
