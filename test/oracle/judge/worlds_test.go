package judge_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
	"github.com/meshward/meshward/test/oracle/world/worldtest"
)

// TestAgrees holds all rules to istiod on each world of testdata/agrees, whose first line
// says what it once taught: no difference but the known ones.
func TestAgrees(t *testing.T) {
	eachWorld(t, "agrees", func(t *testing.T, _ string, c *judge.Case) {
		for _, j := range judge.All() {
			none(t, j.Compare(c))
		}
	})
}

// TestDiffers holds each world of testdata/differs to its first line, "<rule>: reason":
// the rule and istiod still disagree there, known or not. One on which they agree by now
// is to be deleted.
func TestDiffers(t *testing.T) {
	eachWorld(t, "differs", func(t *testing.T, says string, c *judge.Case) {
		verdict := judgeOf(t, says).Compare(c)
		if len(verdict.Missed)+len(verdict.False)+len(verdict.Known) == 0 {
			t.Errorf("%s and istiod agree by now", verdict.Rule)
		}
	})
}

// eachWorld runs a test on each world of a folder, with what its first line says after "# ".
func eachWorld(t *testing.T, folder string, test func(t *testing.T, says string, c *judge.Case)) {
	t.Helper()
	worldtest.Each(t, filepath.Join("testdata", folder, "*.yaml"), func(t *testing.T, text string, w *world.World) {
		c, err := judge.New(w)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(text, "\n")
		test(t, strings.TrimPrefix(line, "# "), c)
	})
}

// none fails for each difference.
func none(t *testing.T, verdict judge.Verdict) {
	t.Helper()
	for _, missed := range verdict.Missed {
		t.Errorf("%s missed %s", verdict.Rule, missed)
	}
	for _, unfounded := range verdict.False {
		t.Errorf("%s is wrong about %s", verdict.Rule, unfounded)
	}
}

// judgeOf is the judge of the rule that the first line of a world names.
func judgeOf(t *testing.T, says string) *judge.Judge {
	t.Helper()
	name, _, found := strings.Cut(says, ": ")
	for _, j := range judge.All() {
		if found && j.Rule.Name == name {
			return j
		}
	}
	t.Fatalf("the first line names no rule: %q", name)
	return nil
}
