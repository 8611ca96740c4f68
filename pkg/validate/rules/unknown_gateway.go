package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UnknownGateway finds references to gateways that are not there, and matches for
// gateways that the VirtualService is not bound to [4.1, 4.5].
var UnknownGateway = &rule.Rule{
	Name:     "unknown-gateway",
	Severity: rule.Warning,
	On:       mesh.SubjectVirtualService,
	Run:      unknownGateway,
	Doc: rule.Doc{
		Title: "A VirtualService names a gateway that is not there, or that it is not bound to",
		Why: `A VirtualService is given to the proxies that its ` + "`gateways`" + ` name and to no
others: a list without ` + "`mesh`" + ` takes it away from the sidecars. A name for which there
is no Gateway is silently without effect, so requests get **404 NR** from the
gateway, or no connection at all.

A name without a slash is a Gateway of the VirtualService's own namespace; with
dots, ` + "`name.namespace`" + ` is meant. A short name from a team's namespace does not
reach a Gateway in ` + "`istio-system`" + `.

A ` + "`gateways`" + ` list within a match only narrows down: an entry that is not among
those of the VirtualService itself is never met, and a match with no other entry
never applies.

It is only a warning: the Gateway may be created later. Where only some of the
mesh's files were given it is information, unless a Gateway of the same name is
close by. Gateways that istiod makes of the Gateway API are not looked for.`,
		Fix: `- Write ` + "`namespace/name`" + ` of the Gateway.
- Add the gateway of a match to ` + "`spec.gateways`" + ` too, or remove the match.
- Add ` + "`mesh`" + ` to ` + "`spec.gateways`" + ` where sidecars should have the routes as well.`,
		See: []string{"IST0101", "KIA1102"},
	},
}

func unknownGateway(p *rule.Pass) {
	v := p.Mesh.VirtualService(p.Key.Name)
	if v == nil || v.Delegate() {
		return
	}
	for i, name := range v.Gateways {
		if slices.Contains(v.Gateways[:i], name) {
			continue
		}
		if p.Mesh.Gateway(name) == nil && !mesh.Generated(name) {
			p.Report(missingGateway(p.Mesh, v, name))
		}
	}
	for _, d := range p.Mesh.Deliveries(v) {
		for i, m := range d.Route.Matches {
			for _, name := range m.Gateways {
				if !boundTo(v, name) {
					p.Report(unboundMatch(v, d, i, name))
				}
			}
		}
	}
}

func missingGateway(view *mesh.View, v *mesh.VirtualService, name string) rule.Finding {
	f := rule.Finding{
		Object:     v.By,
		Path:       "spec.gateways",
		About:      name,
		Message:    fmt.Sprintf("bound to Gateway %s, which does not exist", name),
		Viewpoints: atGateways(name),
		Effect:     "no route of the VirtualService gets there: 404 NR, or no connection",
		Fix:        "name a Gateway that there is, as namespace/name",
		OtherFix:   fmt.Sprintf("first take the gateway out of %s", v.By),
		RestsOn:    namespacesOf(v.Name(), name, view.Config().RootNamespace),
	}
	near := view.NearGateways(v, name)
	switch {
	case len(near) > 0:
		f.Have = "Gateway " + strings.Join(near, ", ")
		f.Fix = "write " + strings.Join(near, " or ")
	case !view.Config().Complete:
		f.Severity = rule.Info
	}
	return f
}

func boundTo(v *mesh.VirtualService, name string) bool {
	if name == "mesh" {
		return v.Mesh
	}
	return slices.Contains(v.Gateways, name)
}

func unboundMatch(v *mesh.VirtualService, d *mesh.Delivery, number int, name string) rule.Finding {
	m := d.Route.Matches[number]
	f := rule.Finding{
		Object:     d.By.By,
		Path:       fmt.Sprintf("spec.%s.match[%d].gateways", d.Route.Field(), number),
		About:      "match " + name + " of " + v.Name(),
		Message:    fmt.Sprintf("match for gateway %s, which %s is not bound to", name, v.By),
		Viewpoints: atGateways(name),
		Have:       "spec.gateways: " + some(bindings(v)),
		Effect:     "the entry is never met",
		Fix:        fmt.Sprintf("add %s to spec.gateways, or take it out of the match", name),
		OtherFix:   fmt.Sprintf("keep %s in spec.gateways, or take it out of the match", name),
		RestsOn:    namespacesOf(v.Name(), d.By.Name()),
	}
	if name == "mesh" {
		f.Viewpoints = sidecarsIn(v.Seen)
	}
	if !slices.ContainsFunc(m.Gateways, func(name string) bool { return boundTo(v, name) }) {
		f.Effect = "the match never applies"
	}
	return f
}

func bindings(v *mesh.VirtualService) []string {
	if v.Mesh {
		return append([]string{"mesh"}, v.Gateways...)
	}
	return v.Gateways
}
