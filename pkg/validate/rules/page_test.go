package rules_test

import (
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// note stands in front of every page.
const note = "<!-- Made of the rule and its cases by make generate; do not edit. -->\n\n"

// pageOf makes the page of a rule of its documentation and of its first cases.
func pageOf(r *rule.Rule, archive *txtar.Archive) string {
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
		case "good.yaml":
			fmt.Fprintf(&b, "\nThis does not:\n\n```yaml\n%s```\n", file.Data)
		}
	}
	return b.String()
}
