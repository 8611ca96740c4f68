package judge_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

// TestAgrees holds all rules to istiod on each world of testdata/agrees, whose first line
// says what it once taught: no difference but the known ones.
func TestAgrees(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "agrees", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no worlds in testdata/agrees: %v", err)
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
			c, err := judge.New(w)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range judge.All() {
				verdict := j.Compare(c)
				for _, missed := range verdict.Missed {
					t.Errorf("%s missed %s", verdict.Rule, missed)
				}
				for _, unfounded := range verdict.False {
					t.Errorf("%s is wrong about %s", verdict.Rule, unfounded)
				}
			}
		})
	}
}
