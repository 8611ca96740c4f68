package cluster

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/meshward/meshward/test/cluster/internal/flock"
)

// temporaryPrefix begins the name of a directory that Start makes by itself.
const temporaryPrefix = "meshward-cluster-"

// newTemporary makes a directory. It first removes those of clusters whose
// process was killed: each holds a hundred megabytes, and nobody else will.
func newTemporary() (*directory, error) {
	sweep(os.TempDir())
	path, err := os.MkdirTemp("", temporaryPrefix+"*")
	if err != nil {
		return nil, err
	}
	d, err := mark(path, made)
	for errors.Is(err, flock.ErrHeld) { // by a sweep that is about to see that it is new
		d, err = mark(path, made)
	}
	return d, err
}

// sweep passes over what it may not remove, which is then another user's.
func sweep(folder string) {
	paths, err := filepath.Glob(filepath.Join(folder, temporaryPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		d, err := reopen(path)
		if err != nil {
			continue
		}
		if d.text != made {
			d.lock.Close()
			continue
		}
		_ = d.discard()
	}
}
