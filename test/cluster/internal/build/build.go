// Package build makes the programs of a cluster from Go modules, once per
// source, and finds them again.
//
// It knows the go command and a cache folder. It must not know how the programs
// are run.
package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/meshward/meshward/test/cluster/internal/flock"
)

// partialSuffix marks a folder that is being filled.
const partialSuffix = ".partial"

// Programs is a folder of what was built. It is complete from the moment that it
// exists, and nothing in it changes afterwards.
type Programs string

// ControlPlane is the path of the program that plays every role.
func (p Programs) ControlPlane() string { return filepath.Join(string(p), "controlplane") }

// Guard is the path of the program that runs other programs on a leash.
func (p Programs) Guard() string { return filepath.Join(string(p), "guard") }

// IstioCRDs is the path of Istio's custom resource definitions, in YAML.
func (p Programs) IstioCRDs() string { return filepath.Join(string(p), "istio-crds.yaml") }

// Do returns the programs of the source from the cache folder, and builds them
// if they are not there. While it builds it tells progress what and how far; it
// is silent otherwise. Several processes may call it at once: one builds, the
// others wait.
//
// It returns an error if the cache cannot be written, if there is no go command,
// or, with the end of the compiler's output, if the build fails.
func Do(ctx context.Context, source fs.FS, cache string, progress io.Writer) (Programs, error) {
	key, err := Key(source)
	if err != nil {
		return "", err
	}
	built := filepath.Join(cache, "controlplane-"+key)
	if exists(built) {
		return Programs(built), nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the folder for built programs: %w", err)
	}
	lock, err := lockOrWait(ctx, built+".lock", progress)
	if err != nil {
		return "", fmt.Errorf("build the control plane: %w", err)
	}
	defer lock.Close()
	if exists(built) {
		return Programs(built), nil
	}
	// Nobody may see half a build, and a build that was killed leaves one.
	partial := built + partialSuffix
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("remove a build that was cut short: %w", err)
	}
	if err := intoFolder(ctx, source, partial, progress); err != nil {
		return "", fmt.Errorf("build the control plane: %w", err)
	}
	return Programs(built), os.Rename(partial, built)
}

func lockOrWait(ctx context.Context, path string, progress io.Writer) (*flock.Lock, error) {
	lock, err := flock.Try(path)
	if !errors.Is(err, flock.ErrHeld) {
		return lock, err
	}
	fmt.Fprintln(progress, "Another process builds the control plane; waiting for it.")
	return flock.Wait(ctx, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
