package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// HostClaimedTwice finds VirtualServices that claim a host on the mesh in vain,
// because another one has it [2.4, 4.3, 4.4].
var HostClaimedTwice = &rule.Rule{
	Name:     "host-claimed-twice",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      hostClaimedTwice,
	Doc: rule.Doc{
		Title: "Two VirtualServices claim one host on the mesh, and only one of them is used",
		Why: `Gateways merge VirtualServices for one host; **sidecars do not**. The first one that
has any HTTP route for a client takes the host, with all its ports and paths, and
istiod drops the others without a word: only the metric ` + "`pilot_vservice_dup_domain`" + `
counts them. For TCP the first route without destinationSubnets ends the search.

First are the VirtualServices that are exported to the client's namespace by name, its
own before others', then the public ones; within each group the older, by creation
time, then name, then namespace. So the same two can win in one namespace and lose in
another, and to create an object anew changes its place.

It is an error where only their age decides. Where one comes first because it is
exported to some namespaces by name, as when a team overrides a public one for its own
clients, it is a warning: that order is stable.

Nothing is reported where the two treat the clients alike, so that a VirtualService can
be renamed by creating the new one before the old one goes; nor where the first one has
routes for some ports only, and leaves the rest to the other. Where it has routes for some
workloads only, by ` + "`sourceLabels`" + `, it is a warning: these lose all routes of the other.`,
		Fix: `- Put the routes of both into one VirtualService, in the order in which they should
  be tried.
- To let several teams write them, let one VirtualService delegate to theirs.
- For gateways only, name the Gateway in ` + "`gateways`" + ` and leave out ` + "`mesh`" + `.`,
		See: []string{"IST0109", "KIA1106"},
	},
}

func hostClaimedTwice(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	for _, lost := range p.Mesh.Losses(p.Key.Name) {
		viewpoints := p.Mesh.Losing(lost)
		if !viewpoints.IsEmpty() {
			p.Report(lostFinding(host, lost, viewpoints))
		}
	}
}

func lostFinding(host *mesh.Host, lost *mesh.Lost, viewpoints mesh.Viewpoints) rule.Finding {
	traffic := strings.ToUpper(string(lost.Section))
	winners := make([]string, 0, len(lost.To))
	namespaces := []string{lost.By.By.Namespace}
	for _, winner := range lost.To {
		winners = append(winners, winner.Name())
		namespaces = append(namespaces, winner.By.Namespace)
	}
	first := lost.To[0].By
	to := string(mesh.KindVirtualService) + " " + listed(winners)
	f := rule.Finding{
		Object:     lost.By.By,
		Path:       "spec.hosts",
		About:      lost.Host + "/" + string(lost.Section),
		Message:    fmt.Sprintf("host %s, whose %s traffic %s already takes", lost.Host, traffic, to),
		Viewpoints: viewpoints,
		Have:       fmt.Sprintf("the routes of %s, which comes first by age", to),
		Effect:     fmt.Sprintf("none of the %s routes of %s is used for this host", traffic, lost.By.By),
		Fix:        fmt.Sprintf("add these routes to %s, or take the host out of one of the two", first),
		OtherFix:   fmt.Sprintf("add these routes to %s, or take the host out of one of the two", lost.By.By),
		RestsOn:    host.RestsOn(viewpoints, namespaces...),
	}
	if slices.ContainsFunc(lost.To, func(w *mesh.VirtualService) bool { _, known := w.By.Older(lost.By.By); return !known }) {
		f.Message = fmt.Sprintf("host %s, which %s claims as well: only one of them takes its %s traffic", lost.Host, to, traffic)
		f.Have = "no creation times; the older one takes the host"
		f.Effect = fmt.Sprintf("none of the %s routes of the younger one is used for this host", traffic)
	}
	if lost.Ranked {
		f.Severity = rule.Warning
		f.Message = fmt.Sprintf("host %s, whose %s traffic %s takes for these clients", lost.Host, traffic, to)
		f.Have = fmt.Sprintf("the routes of %s, which is exported to them by name", to)
		f.Effect = fmt.Sprintf("none of the %s routes of %s is used by them for this host", traffic, lost.By.By)
	}
	if lost.Labeled {
		f.Severity = rule.Warning
		f.Message = fmt.Sprintf("host %s, whose %s traffic %s takes from the workloads that its sourceLabels pick", lost.Host, traffic, to)
		f.Have = fmt.Sprintf("the routes of %s, which comes first", to)
		f.Effect = fmt.Sprintf("none of the %s routes of %s is used by these workloads for this host", traffic, lost.By.By)
	}
	for _, winner := range lost.To {
		f.Related = append(f.Related, rule.Related{Object: winner.By, Path: "spec.hosts"})
	}
	return f
}
