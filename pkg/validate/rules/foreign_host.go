package rules

import (
	"fmt"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// ForeignHost finds objects that claim a host of another namespace for others than
// their own clients. Whose a host is says its name, or the configuration of tenants;
// where it says so, the claim is an error.
var ForeignHost = &rule.Rule{
	Name:     "foreign-host",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      foreignHost,
	Doc: rule.Doc{
		Title: "An object claims a host that belongs to another namespace",
		Why: `To istiod a host belongs to nobody: whoever is first with a VirtualService for it
routes its traffic, for every namespace that is shown the VirtualService, and a
ServiceEntry can declare the host of somebody else's Service. So a mistake, or an
attack, in one namespace redirects the traffic of others.

A host ` + "`NAME.NAMESPACE.svc.DOMAIN`" + ` belongs to that namespace. Other hosts belong
to the tenants of meshward's configuration, each with its namespaces, and what is
under a tenant's hosts, or in its namespaces, is refused to everybody else.

What concerns nobody but the claimant's own clients is no claim: whatever is exported
to its own namespace only, and a DestinationRule where other namespaces would not look
for it: of a tenant's host one in a namespace that does not declare the host, of any
other host one that does not say where it is exported to. Neither is what the root
namespace says, which is the mesh's own.`,
		Fix: `- For your own clients only, write ` + "`exportTo: [\".\"]`" + `.
- Otherwise let the namespace that owns the host say it.
- If the host is yours, have it listed under your tenant in the configuration.`,
		See: []string{},
	},
}

func foreignHost(p *rule.Pass) {
	own, owned := ownerOf(p.Mesh, p.Key.Name)
	if !owned {
		return
	}
	host := p.Mesh.Host(p.Key.Name)
	for _, v := range p.Mesh.Claiming(host.Name) {
		if at := slices.Index(v.Hosts, host.Name); at >= 0 && !own.lets(p.Mesh, v.By) {
			own.judge(p, v.By, fmt.Sprintf("spec.hosts[%d]", at), "it routes their requests for the host, in the place of "+own.name(), claimedFor(p.Mesh, v))
		}
	}
	for _, r := range host.Own() {
		if !own.lets(p.Mesh, r.By) && own.concernedBy(p.Mesh, host, r) {
			own.judge(p, r.By, "spec.host", "it is written for their traffic to the host, which is for "+own.name()+" to decide about", exportedTo(r))
		}
	}
	var seen *mesh.Object
	for _, d := range host.Declarations {
		if d.By.Kind == mesh.KindServiceEntry && d.By != seen && !own.lets(p.Mesh, d.By) {
			own.judge(p, d.By, "spec.hosts", "it offers them endpoints of its own for the host, in the place of those of "+own.name(), sidecarsIn(d.Visible))
			seen = d.By
		}
	}
}

// owner is who a host belongs to.
type owner struct {
	host string
	// tenants are those that the configuration says; where it says none, the host's name
	// says the namespace.
	tenants   []*mesh.Tenant
	namespace string
}

// ownerOf returns who a host belongs to, and whether it is anybody's.
func ownerOf(view *mesh.View, host string) (owner, bool) {
	if mesh.Matches(view.Config().AllowedHosts, host) {
		return owner{}, false
	}
	if tenants := view.Tenants(host); len(tenants) > 0 {
		return owner{host: host, tenants: tenants}, true
	}
	namespace, isService := mesh.ServiceNamespace(host, view.Config().Domain)
	return owner{host: host, namespace: namespace}, isService
}

func (o *owner) name() string {
	if len(o.tenants) > 0 {
		return "tenant " + o.tenants[0].Name
	}
	return "namespace " + o.namespace
}

// lets reports whether an object may claim the host.
func (o *owner) lets(view *mesh.View, by *mesh.Object) bool {
	if by.Namespace == view.Config().RootNamespace {
		return true
	}
	if len(o.tenants) > 0 {
		return slices.ContainsFunc(o.tenants, func(t *mesh.Tenant) bool { return view.Has(t, by.Namespace) })
	}
	return by.Namespace == o.namespace
}

// concernedBy reports whether a DestinationRule is for others than clients of its own
// namespace: one for a tenant's host where they look for it, else one that says so.
func (o *owner) concernedBy(view *mesh.View, host *mesh.Host, r *mesh.DestinationRule) bool {
	switch {
	case r.Private():
		return false
	case len(o.tenants) > 0:
		return onPath(view, host, r.By.Namespace)
	default:
		return len(r.ExportTo()) > 0
	}
}

// onPath reports whether clients of other namespaces look in a namespace for the
// DestinationRules of a host: where anything that the host covers is declared there,
// or may be [3.2].
func onPath(view *mesh.View, host *mesh.Host, namespace string) bool {
	declared := []string{host.Name}
	if mesh.IsWildcard(host.Name) {
		under, all := view.DeclaredHosts(host.Name)
		if !all {
			return true
		}
		declared = under
	}
	return slices.ContainsFunc(declared, func(name string) bool {
		return slices.ContainsFunc(view.Host(name).Declarations, func(d *mesh.Declaration) bool { return d.By.Namespace == namespace })
	})
}

// claimedFor returns who is given a VirtualService by what it is exported to and
// bound to, and by what Sidecars import.
func claimedFor(view *mesh.View, v *mesh.VirtualService) mesh.Viewpoints {
	var who mesh.Viewpoints
	if v.Mesh {
		who = view.Importing(v, v.Seen)
	}
	if v.Seen.Minus(mesh.OnlyNamespaces(v.By.Namespace)).IsEmpty() {
		return who
	}
	for _, gateway := range v.Gateways {
		who.Set(mesh.Viewpoint{Gateway: gateway}, true)
	}
	return who
}

// judge reports a claim, for some viewpoints, of an object that may not make it.
func (o *owner) judge(p *rule.Pass, by *mesh.Object, path, effect string, who mesh.Viewpoints) {
	var itself mesh.Viewpoints
	itself.Set(mesh.Viewpoint{Namespace: by.Namespace}, true)
	others := who.Minus(itself)
	if others.IsEmpty() {
		return
	}
	f := rule.Finding{
		Object:     by,
		Path:       path,
		About:      o.host,
		Message:    fmt.Sprintf("%s of namespace %s claims %s, which belongs to %s", by.Kind, by.Namespace, o.host, o.name()),
		Viewpoints: others,
		Effect:     effect,
		Fix:        fmt.Sprintf("write exportTo [%q] if it is for clients in %s only, else have %s say it", ".", by.Namespace, o.name()),
		RestsOn:    []string{by.Namespace},
	}
	if len(o.tenants) > 0 {
		f.Severity = rule.Error
	}
	p.Report(f)
}
