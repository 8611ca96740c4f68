package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectoryThatWasMadeGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clusters", "east")
	d := claimed(t, path)
	touch(t, filepath.Join(path, "of-a-test"))
	if err := d.discard(); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("it is still there")
	}
}

func TestDirectoryThatWasFoundStays(t *testing.T) {
	path := t.TempDir()
	d := claimed(t, path)
	touch(t, filepath.Join(path, "of-a-test"))
	touch(t, filepath.Join(path, logFolder, "etcd.log"))
	if err := d.discard(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{logFolder, lockFile, "of-a-test"}, names(t, path)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}

	next := claimed(t, path) // it counts as a cluster's now
	if exists(filepath.Join(path, logFolder, "etcd.log")) {
		t.Error("the log of one cluster is among those of the next")
	}
	if err := next.abandon(); err != nil {
		t.Error(err)
	}
}

// A process that was killed has removed nothing.
func TestDirectoryOfADeadCluster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	dead := claimed(t, path)
	touch(t, filepath.Join(path, pkiFolder, "old.key"))
	dead.lock.Close()

	next := claimed(t, path)
	if exists(filepath.Join(path, pkiFolder, "old.key")) {
		t.Error("a key of one cluster is among those of the next")
	}
	if err := next.discard(); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("nobody remembers that it was made for a cluster")
	}
}

// A file by the name of our lock does not make a directory ours.
func TestDirectoryOfAStranger(t *testing.T) {
	path := t.TempDir()
	touch(t, filepath.Join(path, homeFolder))
	if err := os.WriteFile(filepath.Join(path, lockFile), []byte("4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := claim(path); !errors.Is(err, errForeign) {
		t.Errorf("claim: got error %v, want errForeign", err)
	}
	if err := Down(t.Context(), path); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Down: got error %v, want ErrNotRunning", err)
	}
	if diff := cmp.Diff([]string{homeFolder, lockFile}, names(t, path)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// Only what a killed process left is swept away.
func TestSweep(t *testing.T) {
	folder := t.TempDir()
	sibling := func(name string) string { return filepath.Join(folder, temporaryPrefix+name) }
	killed := claimed(t, sibling("killed"))
	killed.lock.Close()
	claimed(t, sibling("alive"))
	if err := claimed(t, sibling("failed")).abandon(); err != nil {
		t.Fatal(err)
	}
	for _, stranger := range []string{sibling("new"), filepath.Join(folder, "other")} {
		if err := os.Mkdir(stranger, 0o700); err != nil {
			t.Fatal(err)
		}
	}

	sweep(folder)
	want := []string{temporaryPrefix + "alive", temporaryPrefix + "failed", temporaryPrefix + "new", "other"}
	if diff := cmp.Diff(want, names(t, folder)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// Who looks at a failure by starting another one gets a directory that goes again.
func TestDirectoryOfAFailedCluster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	if err := claimed(t, path).abandon(); err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(path, logFolder)) {
		t.Error("the logs are gone")
	}
	if err := claimed(t, path).discard(); err != nil {
		t.Fatal(err)
	}
	if exists(path) {
		t.Error("it is still there")
	}
}

func claimed(t *testing.T, path string) *directory {
	t.Helper()
	d, err := claim(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
