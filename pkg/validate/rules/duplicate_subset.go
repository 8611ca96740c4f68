package rules

import (
	"cmp"
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// DuplicateSubset finds subsets that two DestinationRules for one host define
// differently, of which istiod keeps the older [3.4].
var DuplicateSubset = &rule.Rule{
	Name:     "duplicate-subset",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      duplicateSubset,
	Doc: rule.Doc{
		Title: "Two DestinationRules for one host define the same subset differently",
		Why: `istiod merges the DestinationRules that a namespace has for one host. Of two
subsets of one name it keeps that of the older rule, with its labels and its
traffic policy, and drops the other without a word but a metric
(` + "`pilot_destrule_subsets`" + `). Traffic to the subset then goes to other pods than
the newer rule says. Which rule is the older one is decided by its creation, so
deleting it and creating it again turns this around.

Two definitions that say the same are no fault, so that a rule can be renamed by
creating the new one before the old one is deleted. Neither are rules that do not
meet: those of a client's namespace replace those of the service's namespace, and
a rule with a workloadSelector is meant to replace one for all workloads.`,
		Fix: `- Give one of the two subsets another name, and change the routes to it.
- Or keep the definition in one of the DestinationRules only.`,
		See: []string{"KIA0201"},
	},
}

func duplicateSubset(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) < 2 {
		return
	}
	found := lookUp(host)
	for _, later := range host.Own() {
		for i, subset := range later.Subsets {
			var first *mesh.DestinationRule
			who, certain := found.where(func(e mesh.Effective) bool {
				other := definedBefore(e, later, subset)
				if other != nil && first == nil {
					first = other
				}
				return other != nil
			})
			if !who.IsEmpty() {
				p.Report(duplicate(host, later, first, i, who, certain))
			}
		}
	}
}

// definedBefore returns the fragment whose definition of a subset counts instead of
// that of a later one; nil where there is none, or where it says the same.
func definedBefore(found mesh.Effective, later *mesh.DestinationRule, subset mesh.Subset) *mesh.DestinationRule {
	for _, counts := range found.Fragments {
		other, defined := counts.Subset(subset.Name)
		if !defined {
			continue
		}
		if mesh.SameSubset(other, subset) || !replaces(counts, later, found) {
			return nil
		}
		return counts
	}
	return nil
}

// labelled is the labels that a subset asks for.
func labelled(s mesh.Subset) string {
	return cmp.Or(s.Selects(), "no labels")
}

func duplicate(host *mesh.Host, later, first *mesh.DestinationRule, i int, who mesh.Viewpoints, certain bool) rule.Finding {
	subset := later.Subsets[i]
	counts, _ := first.Subset(subset.Name)
	f := rule.Finding{
		Object:     later.By,
		Path:       fmt.Sprintf("spec.subsets[%d].name", i),
		About:      host.Name + "/" + subset.Name,
		Message:    already(first.By, later.By, fmt.Sprintf("subset %q of %s is defined", subset.Name, host.Name)),
		Viewpoints: who,
		Have:       fmt.Sprintf("%s  (%s); %s  (%s)", labelled(counts), first.By, labelled(subset), later.By),
		Effect:     fmt.Sprintf("traffic to subset %q goes to the pods, and by the policy, of one of the two definitions only", subset.Name),
		Fix:        fmt.Sprintf("give the subset a name that %s does not define, or define it in one of the two only", first.By),
		OtherFix:   fmt.Sprintf("do not define subset %q here, or first take it out of %s", subset.Name, later.By),
		Related:    []rule.Related{{Object: first.By, Path: "spec.subsets"}},
		RestsOn:    host.RestsOn(who, later.By.Namespace, first.By.Namespace),
	}
	if counts.Selects() == subset.Selects() {
		f.Have = "the same labels with another trafficPolicy"
	}
	if _, known := first.By.Older(later.By); known {
		f.Effect = fmt.Sprintf("traffic to subset %q goes to the pods, and by the policy, that %s says", subset.Name, first.By)
	}
	if !certain {
		f.Severity = rule.Warning
	}
	return f
}
