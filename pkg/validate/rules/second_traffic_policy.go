package rules

import (
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// SecondTrafficPolicy finds the traffic policy of a DestinationRule that istiod
// drops, because an older rule for the host has one [3.4].
var SecondTrafficPolicy = &rule.Rule{
	Name:     "second-traffic-policy",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      secondTrafficPolicy,
	Doc: rule.Doc{
		Title: "A second DestinationRule for a host has a traffic policy, which istiod drops",
		Why: `istiod merges the DestinationRules that a namespace has for one host. The merged
rule takes the top-level ` + "`trafficPolicy`" + ` of the oldest rule that has one, as a
whole; that of every later rule is dropped. The two are never merged field by
field: a rule with TLS settings and another with connection limits end as one of
the two. So encryption, limits or outlier detection that somebody wrote down is
simply not there, and nothing says so.

Two policies that say the same are no fault. The policies of subsets are not
concerned: they come with their subset.`,
		Fix: `- Move all of the host's top-level policy into one DestinationRule.
- Or move what is for some versions only into the ` + "`trafficPolicy`" + ` of their subsets.`,
		See: []string{},
	},
}

func secondTrafficPolicy(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) < 2 {
		return
	}
	found := lookUp(host)
	for _, later := range host.Own() {
		if later.Policy == "" {
			continue
		}
		var first *mesh.DestinationRule
		who, certain := found.where(func(e mesh.Effective) bool {
			other := policyBefore(e, later)
			if other != nil && first == nil {
				first = other
			}
			return other != nil
		})
		if !who.IsEmpty() {
			p.Report(second(host, later, first, who, certain))
		}
	}
}

// policyBefore returns the fragment whose policy counts instead of that of a later
// one; nil where there is none, or where it says the same.
func policyBefore(found mesh.Effective, later *mesh.DestinationRule) *mesh.DestinationRule {
	policy, counts := found.Policy()
	if counts == nil || policy == later.Policy || !replaces(counts, later, found) {
		return nil
	}
	return counts
}

func second(host *mesh.Host, later, first *mesh.DestinationRule, who mesh.Viewpoints, certain bool) rule.Finding {
	f := rule.Finding{
		Object:     later.By,
		Path:       "spec.trafficPolicy",
		About:      host.Name,
		Message:    already(first.By, later.By, fmt.Sprintf("the traffic policy of %s is set", host.Name)),
		Viewpoints: who,
		Have:       fmt.Sprintf("a trafficPolicy in %s and another in %s", first.By, later.By),
		Effect:     "one of the two policies is not applied, not even in part",
		Fix:        fmt.Sprintf("move this trafficPolicy into %s, or into the subsets that it is for", first.By),
		OtherFix:   fmt.Sprintf("first take the trafficPolicy out of %s", later.By),
		Related:    []rule.Related{{Object: first.By, Path: "spec.trafficPolicy"}},
		RestsOn:    host.RestsOn(who, later.By.Namespace, first.By.Namespace),
	}
	if _, known := first.By.Older(later.By); known {
		f.Effect = fmt.Sprintf("nothing of this policy is applied; clients go by that of %s", first.By)
	}
	if !certain {
		f.Severity = rule.Warning
	}
	return f
}
