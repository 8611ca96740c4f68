// Package judge_test holds each judge to worlds in files: testdata/<rule>/<case>.yaml,
// whose first line says "# broken" or "# fine". Those of testdata/differs are what no
// judge and rule agree on.
package judge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

func TestJudges(t *testing.T) {
	for _, j := range judge.All() {
		paths, err := filepath.Glob(filepath.Join("testdata", j.Rule.Name, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		broken, fine := 0, 0
		for _, path := range paths {
			t.Run(j.Rule.Name+"/"+filepath.Base(path), func(t *testing.T) {
				if testCase(t, j, path) {
					broken++
				} else {
					fine++
				}
			})
		}
		if broken == 0 || fine == 0 {
			t.Errorf("%s: %d broken worlds and %d fine ones; a judge needs both", j.Rule.Name, broken, fine)
		}
	}
}

// testCase returns whether the world of a case is meant to be broken.
func testCase(t *testing.T, j *judge.Judge, path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.HasPrefix(text, []byte("# broken"))
	if !broken && !bytes.HasPrefix(text, []byte("# fine")) {
		t.Fatal("the first line says neither # broken nor # fine")
	}
	w, err := world.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := judge.New(w)
	if err != nil {
		t.Fatal(err)
	}
	settled := func(f judge.Fact) bool { return !f.Unsettled }
	if facts := j.Facts(c); slices.ContainsFunc(facts, settled) != broken {
		t.Errorf("facts: %+v", facts)
	}
	verdict := j.Compare(c)
	for _, d := range verdict.Missed {
		t.Errorf("missed: %s", d)
	}
	for _, d := range verdict.False {
		t.Errorf("false: %s", d)
	}
	return broken
}
