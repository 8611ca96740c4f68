package judge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

// TestDiffers holds each world of testdata/differs to its first line, "# <rule>: reason":
// the rule and istiod still disagree there, known or not. One on which they agree by now
// is to be deleted.
func TestDiffers(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "differs", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no worlds in testdata/differs: %v", err)
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
			verdict := judgeOf(t, text).Compare(c)
			if len(verdict.Missed)+len(verdict.False)+len(verdict.Known) == 0 {
				t.Errorf("%s and istiod agree by now", verdict.Rule)
			}
		})
	}
}

// judgeOf is the judge of the rule that the first line of a world names.
func judgeOf(t *testing.T, text []byte) *judge.Judge {
	t.Helper()
	name, _, found := strings.Cut(strings.TrimPrefix(string(text), "# "), ": ")
	for _, j := range judge.All() {
		if found && j.Rule.Name == name {
			return j
		}
	}
	t.Fatalf("the first line names no rule: %q", name)
	return nil
}
