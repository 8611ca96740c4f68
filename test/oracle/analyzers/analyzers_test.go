// Package analyzers_test holds to small worlds what Istio's messages are taken for.
package analyzers_test

import (
	"strings"
	"testing"

	"github.com/meshward/meshward/test/oracle/analyzers"
	"github.com/meshward/meshward/test/oracle/judge"
	"github.com/meshward/meshward/test/oracle/world"
	"github.com/meshward/meshward/test/oracle/world/worldtest"
)

// TestMessages reads worlds whose leading comments are what is to come of them: a line
// for each message, and one for each object that is missed or wrongly reported.
func TestMessages(t *testing.T) {
	worldtest.Each(t, "testdata/*.yaml", func(t *testing.T, text string, w *world.World) {
		if got, want := said(t, w), expected(text); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func expected(text string) string {
	var want strings.Builder
	for line := range strings.Lines(text) {
		if said, is := strings.CutPrefix(line, "# = "); is {
			want.WriteString(said)
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
