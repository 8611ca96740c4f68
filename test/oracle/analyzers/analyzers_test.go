// Package analyzers_test holds to small worlds what Istio's messages are taken for.
package analyzers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshward/meshward/test/oracle/analyzers"
	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
)

// TestMessages reads worlds whose leading comments are what is to come of them: a line
// for each message, and one for each object that is missed or wrongly reported.
func TestMessages(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no worlds in testdata: %v", err)
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
			if got, want := said(t, w), expected(text); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func expected(text []byte) string {
	var want strings.Builder
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("# = ")) {
			want.Write(line[len("# = "):])
		}
	}
	return want.String()
}

func said(t *testing.T, w *world.World) string {
	messages, err := analyzers.Messages(w)
	if err != nil {
		t.Fatal(err)
	}
	c, err := judge.New(w)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, m := range messages {
		got.WriteString(m.Code + " at " + m.At.String() + ": " + strings.Join(m.Rules, ", ") + "\n")
	}
	for _, verdict := range analyzers.Score(c, analyzers.FactsOf(c), messages) {
		for _, d := range verdict.Missed {
			got.WriteString("missed " + verdict.Rule + " at " + d.At.String() + "\n")
		}
		for _, d := range verdict.False {
			got.WriteString("false " + verdict.Rule + " at " + d.At.String() + "\n")
		}
	}
	return got.String()
}
