package rules

import (
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// NoDefaultVersion finds hosts that have several subsets and nothing that chooses
// among them [6.4].
var NoDefaultVersion = &rule.Rule{
	Name:     "no-default-version",
	Severity: rule.Info,
	On:       mesh.SubjectHost,
	Run:      noDefaultVersion,
	Doc: rule.Doc{
		Title: "A host has several subsets, and no VirtualService chooses among them",
		Why: `Subsets only name versions; they route nothing. Without a VirtualService for the
host clients call the host as a whole, and every pod of the Service gets its share of
the traffic. A new version that is deployed gets traffic at once, as many requests as
it has pods.

This is information and no fault: it is what a Service does. But who defines versions
mostly means to choose among them.`,
		Fix: `- Create a VirtualService for the host whose default route names the version that
  everybody is to get, before the next version is deployed.
- Or leave the subsets out.`,
		See: []string{},
	},
}

func noDefaultVersion(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) == 0 || !host.Declared() || mesh.IsWildcard(host.Name) || host.OnlyAlias() || chosen(p.Mesh, host) {
		return
	}
	found := lookUp(host)
	for _, r := range host.Own() {
		var subsets []mesh.Subset
		who, _ := found.where(func(e mesh.Effective) bool {
			is := len(e.Subsets) > 1 && e.Fragments[0] == r
			if is && subsets == nil {
				subsets = e.Subsets
			}
			return is
		})
		if who.IsEmpty() {
			continue
		}
		p.Report(rule.Finding{
			Object:     r.By,
			Path:       "spec.subsets",
			About:      host.Name,
			Message:    fmt.Sprintf("%s has %s, and no VirtualService chooses among them", host.Name, counted("subset", subsetNames(subsets))),
			Viewpoints: who,
			Effect:     "every version gets its share of the traffic, as many requests as it has pods",
			Fix:        fmt.Sprintf("create a VirtualService for %s whose default route names a subset", host.Name),
			OtherFix:   fmt.Sprintf("keep a VirtualService for %s whose default route names a subset", host.Name),
			RestsOn:    host.RestsOn(who, r.By.Namespace, ""),
		})
	}
}

// chosen reports whether anything chooses among the versions of a host: a route for
// the host, or one elsewhere that names a subset of it.
func chosen(view *mesh.View, host *mesh.Host) bool {
	if view.ClaimedOnMesh(host.Name) || len(view.Attached(host.Name)) > 0 {
		return true
	}
	routed, _ := routedSubsets(view, host)
	delete(routed, "")
	return len(routed) > 0
}
