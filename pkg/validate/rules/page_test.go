package rules_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// note stands in front of every page.
const note = "<!-- Made of the rule and its cases by make generate; do not edit. -->\n\n"

// pageOf makes the page of a rule of its documentation, of its first cases, and of
// what is found in the bad one.
func pageOf(r *rule.Rule, archive *txtar.Archive, found *rule.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\nSeverity: %s.", r.Name, r.Doc.Title, r.Severity)
	if len(r.Doc.See) > 0 {
		fmt.Fprintf(&b, " Related checks of other tools: %s.", strings.Join(r.Doc.See, ", "))
	}
	fmt.Fprintf(&b, "\n\n## What happens\n\n%s\n\n## What to do\n\n%s\n", r.Doc.Why, r.Doc.Fix)
	for _, file := range archive.Files {
		switch file.Name {
		case "bad.yaml":
			fmt.Fprintf(&b, "\n## An example\n\nThis has the defect:\n\n```yaml\n%s```\n", file.Data)
			fmt.Fprintf(&b, "\nmeshward says:\n\n```text\n%s\n```\n", found.Block(found.Fix))
		case "good.yaml":
			fmt.Fprintf(&b, "\nThis does not:\n\n```yaml\n%s```\n", file.Data)
		}
	}
	return b.String()
}

// indexFile lists all rules, beside the rest of the documentation.
const indexFile = "../../../docs/rules.md"

// TestIndex keeps the list of rules up to date.
func TestIndex(t *testing.T) {
	want := indexOf(rules.All())
	if *update {
		if err := os.WriteFile(indexFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(indexFile); err != nil || string(got) != want {
		t.Errorf("the index of rules is not fresh (%v): run make generate\n%s", err, cmp.Diff(string(got), want))
	}
}

func indexOf(list []*rule.Rule) string {
	var b strings.Builder
	b.WriteString(note + "# Rules\n\nWhat meshward finds. The severity is that of most findings; [a policy](policy.md)\nmaps each rule to what is done about it.\n\n| rule | finds | severity | related |\n|---|---|---|---|\n")
	for _, r := range list {
		fmt.Fprintf(&b, "| [%[1]s](../pkg/validate/rules/doc/%[1]s.md) | %s | %s | %s |\n", r.Name, r.Doc.Title, r.Severity, strings.Join(r.Doc.See, ", "))
	}
	return b.String()
}
