// Package worldtest runs tests over worlds in files.
package worldtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/meshward/meshward/test/oracle/world"
)

// Each runs a test for each world among the files of a pattern, with the text that it was
// read from. It fails where there are none.
func Each(t *testing.T, pattern string, test func(t *testing.T, text string, w *world.World)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no worlds in %s: %v", pattern, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w, err := world.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			test(t, string(text), w)
		})
	}
}
