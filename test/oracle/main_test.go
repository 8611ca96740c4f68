package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/test/oracle/judge"
)

var update = flag.Bool("update", false, "rewrite the table of known differences")

const (
	page  = "../../docs/accuracy.md"
	begin = "<!-- known differences, written by go test . -update -->\n"
	end   = "<!-- end -->\n"
)

// TestPage holds the page to the list of known differences, and that to its bound.
func TestPage(t *testing.T) {
	if n := len(judge.Knowns()); n > 10 {
		t.Errorf("%d known differences; what is known should be mended", n)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the page has no place for the table")
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+known()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(known(), table); diff != "" {
		t.Errorf("the table is not fresh: go test . -update (-want +got)\n%s", diff)
	}
}

func known() string {
	var b strings.Builder
	b.WriteString("| difference | section | side | why it is left |\n|---|---|---|---|\n")
	for _, k := range judge.Knowns() {
		fmt.Fprintf(&b, "| %s | [%s](semantics.md) | %s | %s |\n", k.Name, k.Section, k.Side, k.Reason)
	}
	return b.String()
}
