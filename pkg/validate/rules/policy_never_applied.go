package rules

import (
	"fmt"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// PolicyNeverApplied finds traffic policies of subsets that no route names [6.4].
// It is never an error: whoever adds a version has to add its subset first.
var PolicyNeverApplied = &rule.Rule{
	Name:     "policy-never-applied",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      policyNeverApplied,
	Doc: rule.Doc{
		Title: "The traffic policy of a subset takes effect for no route",
		Why: `The policy of a subset belongs to the subset's cluster, and a proxy sends traffic
to that cluster only by a route that names the subset. Where no VirtualService does,
clients call the host without one: the traffic still reaches the pods of the subset,
by the cluster of the whole host, and under the policy of the whole host.

So a connection limit, a timeout or outlier detection that is written only into a
subset is not there until a route, if only the default one, leads to the subset.`,
		Fix: `- Route to the subset: a VirtualService for the host whose default route names it.
- Or move the policy up, to the ` + "`trafficPolicy`" + ` of the whole DestinationRule.
- When a version is being added this is the right first step, and the warning goes
  with the route.`,
		See: []string{},
	},
}

func policyNeverApplied(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if mesh.IsWildcard(host.Name) || !slices.ContainsFunc(host.Own(), hasSubsetPolicy) {
		return
	}
	routed, led := routedSubsets(p.Mesh, host)
	for _, r := range host.Own() {
		for i, subset := range r.Subsets {
			if subset.Policy == "" || routed[subset.Name] {
				continue
			}
			f := rule.Finding{
				Object:     r.By,
				Path:       fmt.Sprintf("spec.subsets[%d].trafficPolicy", i),
				About:      host.Name + "/" + subset.Name,
				Message:    fmt.Sprintf("the traffic policy of subset %q of %s takes effect for no route", subset.Name, host.Name),
				Viewpoints: exportedTo(r),
				Effect:     "requests reach the pods of the subset under the policy of the whole host",
				Fix:        fmt.Sprintf("route to subset %q, or move the policy to spec.trafficPolicy", subset.Name),
				OtherFix:   fmt.Sprintf("keep a route to subset %q, or first move the policy in %s to spec.trafficPolicy", subset.Name, r.By),
				RestsOn:    host.RestsOn(exportedTo(r), r.By.Namespace, ""),
			}
			if !p.Mesh.Config().Complete && !host.Declared() && !led {
				f.Severity = rule.Info // the files are about something else
			}
			p.Report(f)
		}
	}
}

func hasSubsetPolicy(r *mesh.DestinationRule) bool {
	return slices.ContainsFunc(r.Subsets, func(s mesh.Subset) bool { return s.Policy != "" })
}

// routedSubsets returns the subsets of a host that any VirtualService sends traffic
// or copies to, whoever is given it and by whatever name of the host, and whether
// any leads to the host at all.
func routedSubsets(view *mesh.View, host *mesh.Host) (routed map[string]bool, led bool) {
	routed = map[string]bool{}
	names := host.Names()
	for _, name := range names {
		for _, by := range view.RoutingTo(name) {
			led = true
			for _, route := range by.Routes {
				for _, to := range slices.Concat(route.Destinations, route.Mirrors) {
					if slices.Contains(names, to.Host) {
						routed[to.Subset] = true
					}
				}
			}
		}
	}
	return routed, led
}
