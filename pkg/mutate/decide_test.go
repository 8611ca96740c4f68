package mutate_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/meshward/meshward/pkg/mutate"
)

// Every reason of the table is the outcome of some case, or nobody knows what it
// is for; and what it tells a user reads as the rest does.
func TestReasons(t *testing.T) {
	outcomes := make(map[string][]mutate.Decision)
	for _, c := range loadCases(t) {
		pod, err := mutate.Decode(c.raw(t))
		if err != nil {
			continue
		}
		decision := c.injector(t).Decide(pod, c.settings(t).Namespace)
		outcomes[decision.Reason.Name] = append(outcomes[decision.Reason.Name], decision)
	}
	for _, reason := range mutate.Reasons() {
		t.Run(reason.Name, func(t *testing.T) {
			if !strings.HasSuffix(reason.Doc, ".") || strings.ContainsFunc(reason.Doc, unicode.IsControl) {
				t.Errorf("Doc is not a sentence: %q", reason.Doc)
			}
			if len(outcomes[reason.Name]) == 0 {
				t.Error("no case in testdata comes to this decision")
			}
			for _, decision := range outcomes[reason.Name] {
				checkWarning(t, decision.Warning)
			}
			delete(outcomes, reason.Name)
		})
	}
	for name := range outcomes {
		t.Errorf("Reasons leaves out %s, or has it twice", name)
	}
}

// checkWarning holds a warning to what kubectl shows well, which is one line of
// about 120 characters.
func checkWarning(t *testing.T, warning string) {
	t.Helper()
	if len(warning) > 140 || strings.Contains(warning, "\n") {
		t.Errorf("the warning is no short line: %s", warning)
	}
}
