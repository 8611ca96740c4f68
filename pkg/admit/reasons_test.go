package admit_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/mutate"
)

// reasonsFile lists all reasons, beside the rest of the documentation.
const reasonsFile = "../../docs/reasons.md"

// TestReasonsPage keeps the list of reasons up to date.
func TestReasonsPage(t *testing.T) {
	want := reasonsPage(admit.Reasons())
	if *update {
		if err := os.WriteFile(reasonsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(reasonsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/reasons.md is not fresh; run make generate (-want +got):\n%s", diff)
	}
}

func reasonsPage(all, denials []*mutate.Reason) string {
	var b strings.Builder
	b.WriteString(`<!-- Made of the tables in pkg/mutate and pkg/admit by make generate; do not edit. -->

# Reasons

Why a pod was injected, left alone or denied. The first row that applies holds; the last
one takes the place of any that would inject the pod.

| reason | pod | when |
|---|---|---|
`)
	for _, reason := range all {
		became := "left alone"
		switch {
		case slices.Contains(denials, reason):
			became = "denied"
		case reason.Inject:
			became = "injected"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", reason.Name, became, strings.ReplaceAll(reason.Doc, "|", `\|`))
	}
	b.WriteString(`
A reason is found

- in the warning that kubectl prints, in front of the colon, where there is something that
  the pod's creator would want to know;
- in an Event of the pod's controller (its ReplicaSet, Job, …), where such a pod has no
  sidecar, or was denied: ` + "`kubectl get events --field-selector source=meshward`" + `;
- in the audit log, as annotation ` + "`<webhook>.inject.meshward.io/reason`" + `, always;
- in the metric ` + "`meshward_injection_decisions_total`" + `, as label, with what became of the pod;
- in what ` + "`meshward inject --explain`" + ` prints for files.
`)
	return b.String()
}

// Each reason has a name of its own, or a metric would mix two.
func TestReasonsHaveNames(t *testing.T) {
	all, denials := admit.Reasons()
	var names []string
	for _, reason := range all {
		names = append(names, reason.Name)
		if slices.Contains(denials, reason) && reason.Inject {
			t.Errorf("%s denies and injects", reason.Name)
		}
	}
	slices.Sort(names)
	if got := slices.Compact(slices.Clone(names)); len(got) != len(names) {
		t.Errorf("a name is there twice: %q", names)
	}
}
