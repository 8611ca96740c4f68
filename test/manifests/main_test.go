package manifests_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/meshward/meshward/test/manifests"
)

// built is a folder with meshward, built once.
var built = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "meshward-")
	if err != nil {
		return "", err
	}
	command := exec.Command("go", "build", "-o", filepath.Join(folder, "meshward"), "./cmd/webhook")
	command.Dir = manifests.Root()
	if out, err := command.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build meshward: %w: %s", err, out), os.RemoveAll(folder))
	}
	remove = func() error { return os.RemoveAll(folder) }
	return filepath.Join(folder, "meshward"), nil
})

// remove takes away what was built.
var remove = func() error { return nil }

func TestMain(m *testing.M) {
	code := m.Run()
	if err := remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func binary(t *testing.T) string {
	t.Helper()
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
