package rules_test

import (
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// TestFixes holds what cases tell people to do, where that depends on the case.
func TestFixes(t *testing.T) {
	tests := []struct {
		rule             *rule.Rule
		name, fix, other string
	}{
		{rules.UndefinedSubset, "bad-selector-alone.yaml", `add a rule with subset "v1" and without workloadSelector in namespace web: DestinationRule web/some is for some workloads only, and ends the search for all`, ""},
		{rules.UndefinedSubset, "bad-destination-rule-not-exported.yaml", `export DestinationRule default/reviews to these clients, and let that propagate before routing to subset "v1"`, ""},
		{rules.UndefinedSubset, "bad-entry-without-endpoints.yaml", `list endpoints with the labels of subset "v1" in ServiceEntry default/api, which has none but the host itself, or route to the host without a subset`, ""},
		{rules.UndefinedSubset, "bad-client-namespace-wildcard-shadows.yaml", "", `add subset "v1" to DestinationRule web/everything, or first take the route to it out of VirtualService default/reviews and let that propagate`},
		{rules.UnmergedFragments, "bad-unselected-workloads-lose-all.yaml", `write exportTo [".", "istio-system"] into DestinationRule default/a: beside "." it has to name another namespace, or istiod keeps it for the selected workloads only`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			engine, err := validate.New(test.rule)
			if err != nil {
				t.Fatal(err)
			}
			archive, err := txtar.ParseFile(filepath.Join("testdata", test.rule.Name+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == test.name })
			set, cfg := read(t, archive.Files[at])
			found := engine.All(mesh.Empty(cfg).Apply(creations(set.Objects)...))
			if len(found) != 1 {
				t.Fatalf("%d findings", len(found))
			}
			if test.fix != "" && found[0].Fix != test.fix {
				t.Errorf("fix: %s", found[0].Fix)
			}
			if test.other != "" && found[0].OtherFix != test.other {
				t.Errorf("to others: %s", found[0].OtherFix)
			}
		})
	}
}
