// Package judge_test holds each judge to worlds in files: testdata/<rule>/<case>.yaml,
// whose first line says "# broken" or "# fine". On those of testdata/agrees all rules agree
// with istiod, and on those of testdata/differs one rule does not.
package judge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/meshward/meshward/test/oracle/judge"
)

func TestJudges(t *testing.T) {
	for _, j := range judge.All() {
		t.Run(j.Rule.Name, func(t *testing.T) {
			broken, fine := 0, 0
			eachWorld(t, j.Rule.Name, func(t *testing.T, says string, c *judge.Case) {
				if testCase(t, j, says, c) {
					broken++
				} else {
					fine++
				}
			})
			if broken == 0 || fine == 0 {
				t.Errorf("%d broken worlds and %d fine ones; a judge needs both", broken, fine)
			}
		})
	}
}

// testCase returns whether the world of a case is meant to be broken.
func testCase(t *testing.T, j *judge.Judge, says string, c *judge.Case) bool {
	t.Helper()
	broken := strings.HasPrefix(says, "broken")
	if !broken && !strings.HasPrefix(says, "fine") {
		t.Fatal("the first line says neither # broken nor # fine")
	}
	settled := func(f judge.Fact) bool { return !f.Unsettled }
	if facts := j.Facts(c); slices.ContainsFunc(facts, settled) != broken {
		t.Errorf("facts: %+v", facts)
	}
	none(t, j.Compare(c))
	return broken
}
