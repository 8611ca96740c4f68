package rules

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// PartlyQualifiedHost finds Services that are named by a part of their host that
// istiod does not complete, such as "reviews.prod" [1.2, 4.3].
var PartlyQualifiedHost = &rule.Rule{
	Name:     "partly-qualified-host",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      partlyQualifiedHost,
	Doc: rule.Doc{
		Title: "A host such as reviews.prod is meant for a Service, but istiod does not complete it",
		Why: `istiod completes a host only where it has no dot. ` + "`reviews.prod`" + ` and
` + "`reviews.prod.svc`" + `, which any client in the cluster can resolve, are taken as they
are, and the service registry has no such name.

- As a **destination** they name a cluster that no proxy has: requests fail with
  **503** and the response flag **NC** (no cluster), connections are closed.
- As the host of a **DestinationRule** they are the host of nothing: its subsets and its
  policy never apply.
- As a host of a **VirtualService** on the mesh they make a virtual host of their own, on
  port 80 and on the ports of its other hosts only. Clients that use any other port, or
  any other name of the Service, go past it; TCP and TLS routes are never used. It is a
  warning where the Service has HTTP on one of these ports, since clients that write just
  that name are routed there, as long as no older VirtualService serves the Service.

Nothing is reported unless the Service that is meant exists.`,
		Fix: "- Write the full name: `reviews.prod.svc.cluster.local`.\n" +
			"- Or the bare name, `reviews`, in an object of the Service's own namespace.",
		See: []string{"IST0101", "IST0174"},
	},
}

func partlyQualifiedHost(p *rule.Pass) {
	written := p.Mesh.Host(p.Key.Name)
	meant, ok := meantBy(p.Mesh, written)
	if !ok {
		return
	}
	q := partlyQualified{mesh: p.Mesh, written: written, meant: meant}
	for _, f := range slices.Concat(q.destinations(), q.rules(), q.claims()) {
		p.Report(f)
	}
}

// meantBy returns the Service's host that a name without its end means, where
// nothing has the name itself. What is wrong with it then is how it is written.
func meantBy(view *mesh.View, written *mesh.Host) (*mesh.Host, bool) {
	full, spelled := mesh.Completed(written.Name, view.Config().Domain)
	if !spelled || written.Declared() || view.Config().Knows(written.Name) {
		return nil, false
	}
	meant := view.Host(full)
	return meant, meant.Declared()
}

// partlyQualified is a host as it is written, and the one that is meant.
type partlyQualified struct {
	mesh           *mesh.View
	written, meant *mesh.Host
}

// destinations finds the routes to the written name: of those in one object the
// first that fails, else the first.
func (q *partlyQualified) destinations() []rule.Finding {
	var found []rule.Finding
	for _, target := range q.written.Targets() {
		reached := reachedBy(q.written, target)
		if reached.IsEmpty() {
			continue
		}
		f := q.finding(target.Object(), target.Path()+".host", reached)
		f.Message = fmt.Sprintf("%s %s, which istiod does not complete to %s", sending(target), q.written.Name, q.meant.Name)
		f.Effect = failing(target)
		if harmless(target) {
			f.Severity = rule.Warning
		}
		last := len(found) - 1
		switch {
		case last < 0 || found[last].Object != f.Object:
			found = append(found, f)
		case found[last].Severity == f.Severity:
			found[last].Viewpoints = found[last].Viewpoints.Or(reached)
		case f.Severity == "": // the first that fails stands for those that do no harm
			found[last] = f
		}
	}
	return found
}

// rules finds the DestinationRules for the written name.
func (q *partlyQualified) rules() []rule.Finding {
	var found []rule.Finding
	for _, r := range q.written.Own() {
		var concerned mesh.Viewpoints
		concerned.Set(mesh.Viewpoint{}, !r.Private())
		concerned.Set(mesh.Viewpoint{Namespace: r.By.Namespace}, r.Local())
		f := q.finding(r.By, "spec.host", concerned)
		f.Message = fmt.Sprintf("DestinationRule for %s, which istiod does not complete to %s", q.written.Name, q.meant.Name)
		f.Effect = "its subsets and its policy apply to nothing"
		if !concerned.IsEmpty() {
			found = append(found, f)
		}
	}
	return found
}

// claims finds the VirtualServices on the mesh for the written name, but for those
// that list the full one as well, and those of whose routes istiod keeps none.
func (q *partlyQualified) claims() []rule.Finding {
	var found []rule.Finding
	for _, v := range q.mesh.Claiming(q.written.Name) {
		if !v.Mesh || slices.Contains(v.Hosts, q.meant.Name) || len(q.mesh.Deliveries(v)) == 0 {
			continue
		}
		ignored, narrowed := q.past(v)
		f := q.finding(v.By, "spec.hosts", ignored)
		f.Message = fmt.Sprintf("VirtualService for %s, which istiod does not complete to %s", q.written.Name, q.meant.Name)
		f.Effect = "its routes are not taken by clients of the Service"
		if !ignored.IsEmpty() {
			found = append(found, f)
		}
		if !narrowed.IsEmpty() {
			f.Severity, f.Viewpoints = rule.Warning, narrowed
			f.Effect = fmt.Sprintf("its routes are taken only by clients that write just %s, on %s", q.written.Name, q.ports(v, narrowed))
			found = append(found, f)
		}
	}
	return found
}

// past returns the clients of the Service that go past a VirtualService for the
// written name, and those that do unless they write just that name.
func (q *partlyQualified) past(v *mesh.VirtualService) (ignored, narrowed mesh.Viewpoints) {
	whole, written := q.mesh.ImportingAs(v, q.written.Name, q.meant.Name), q.mesh.Importing(v, q.mesh.MeantFor(v))
	names := append([]string{v.By.Namespace}, q.mesh.MeantFor(v).Named()...)
	for _, client := range q.meant.Everyone() {
		names = append(names, client.Viewpoint.Namespace)
	}
	for _, name := range names {
		at := mesh.Viewpoint{Namespace: name}
		ports, known := q.shared(v, name)
		shares := len(ports) > 0 && written.Has(at)
		ignored.Set(at, known && !shares && whole.Has(at))
		narrowed.Set(at, known && shares && whole.Has(at))
	}
	return ignored, narrowed
}

// shared returns the ports on which clients of a namespace that call the Service by the
// written name can get routes of a VirtualService: those of HTTP, on port 80 and on
// what the Service has in common with other hosts of the VirtualService [4.3], whose ports
// without a protocol have route tables of their own. It is not known for those that do not
// see the Service, or whom it serves no HTTP.
func (q *partlyQualified) shared(v *mesh.VirtualService, client string) (ports []uint32, known bool) {
	services := q.meant.Shown(client)
	if !v.Has(mesh.SectionHTTP) {
		return nil, len(services) > 0
	}
	others := []uint32{80}
	for _, name := range v.Hosts {
		hosts := []string{name}
		if mesh.IsWildcard(name) {
			hosts, _ = q.mesh.DeclaredHosts(name)
		}
		for _, host := range hosts {
			for _, s := range q.mesh.Host(host).Shown(client) {
				others = append(others, numbersOf(s, mesh.ProtocolHTTP)...)
			}
		}
	}
	known = len(services) > 0 && (v.Has(mesh.SectionTLS) || v.Has(mesh.SectionTCP))
	for _, s := range services {
		speaks := numbersOf(s, mesh.ProtocolHTTP, mesh.ProtocolAuto)
		if s.Alias != "" || s.Portless() {
			speaks = append(speaks, 80)
		}
		known = known || len(speaks) > 0
		ports = append(ports, slices.DeleteFunc(speaks, func(port uint32) bool { return !slices.Contains(others, port) })...)
	}
	slices.Sort(ports)
	return slices.Compact(ports), known
}

// numbersOf returns the ports of a service with one of some protocols.
func numbersOf(s mesh.Service, protocols ...mesh.Protocol) []uint32 {
	var ports []uint32
	for _, p := range s.Listens() {
		if slices.Contains(protocols, p.Protocol) {
			ports = append(ports, p.Number)
		}
	}
	return ports
}

// ports says in words on which ports the narrowed clients get the routes.
func (q *partlyQualified) ports(v *mesh.VirtualService, narrowed mesh.Viewpoints) string {
	var all []uint32
	holding, _ := narrowed.Holding()
	for _, at := range holding {
		ports, _ := q.shared(v, at.Namespace)
		all = append(all, ports...)
	}
	slices.Sort(all)
	var names []string
	for _, port := range slices.Compact(all) {
		names = append(names, strconv.FormatUint(uint64(port), 10))
	}
	return counted("port", names)
}

func (q *partlyQualified) finding(object *mesh.Object, path string, viewpoints mesh.Viewpoints) rule.Finding {
	declared := q.meant.Declarations[0].By
	return rule.Finding{
		Object:     object,
		Path:       path,
		About:      q.written.Name,
		Viewpoints: viewpoints,
		Have:       fmt.Sprintf("%s  (%s)", q.meant.Name, declared),
		Fix:        fmt.Sprintf("write %s", q.meant.Name),
		OtherFix:   fmt.Sprintf("first write %s in %s", q.meant.Name, object),
		Related:    []rule.Related{{Object: declared}},
		RestsOn:    q.written.RestsOn(viewpoints, object.Namespace, declared.Namespace),
	}
}
