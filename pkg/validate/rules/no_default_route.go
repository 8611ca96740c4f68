package rules

import (
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// NoDefaultRoute finds hosts on the mesh all of whose routes have conditions
// [4.3, 4.6]. It is a warning: it may be meant, and who calls what is not known.
var NoDefaultRoute = &rule.Rule{
	Name:     "no-default-route",
	Severity: rule.Warning,
	On:       mesh.SubjectVirtualService,
	Run:      noDefaultRoute,
	Doc: rule.Doc{
		Title: "All HTTP routes for a host on the mesh have conditions, and what meets none of them gets 404",
		Why: `Without a VirtualService a sidecar sends every request for a host to its service.
With one it knows only the routes that are written there: a request that none of them
matches fails with **404** and the response flag **NR** (no route). Other
VirtualServices for the host do not fill the gap, since on the mesh none are merged.

Not every condition is one that a request has to meet. istiod settles sourceLabels,
sourceNamespace, port and gateways itself: a match with nothing else takes every request
of the clients that it is for, and clients for which no match is left are sent to the
plain service. So the rule asks, for each set of clients that is given any route,
whether they are given one without further conditions.`,
		Fix: `- Add a last route without ` + "`match`" + `, to the version that serves by default.
- If 404 is meant, say so: a last route with a ` + "`directResponse`" + `.`,
		See: nil, // no other tool looks at this
	},
}

func noDefaultRoute(p *rule.Pass) {
	root := p.Mesh.VirtualService(p.Key.Name)
	if root == nil || !root.Mesh {
		return
	}
	var deliveries []*mesh.Delivery
	var sidecars mesh.Namespaces
	for _, d := range p.Mesh.Deliveries(root) {
		if d.Route.Section == mesh.SectionHTTP && !d.Reach.Sidecars.IsEmpty() {
			deliveries = append(deliveries, d)
			sidecars = sidecars.Or(d.Reach.Sidecars)
		}
	}
	clients := clientsOf(p.Mesh, root, deliveries)
	given := make([]requests, 0, len(clients))
	for _, namespace := range clients {
		given = append(given, requestsOf(p.Mesh, root, deliveries, namespace))
	}
	if !slices.ContainsFunc(given, requests.leaveSome) {
		return
	}
	importing := p.Mesh.Importing(root, sidecars)
	var lacking mesh.Viewpoints
	for i, namespace := range clients {
		at := mesh.Viewpoint{Namespace: namespace}
		lacking.Set(at, importing.Has(at) && given[i].leaveSome())
	}
	if lacking.IsEmpty() {
		return
	}
	p.Report(rule.Finding{
		Object:     root.By,
		Path:       "spec.http",
		About:      "http",
		Message:    "every route for " + listed(root.Hosts) + " has conditions, and there is none for the other requests",
		Viewpoints: lacking,
		Effect:     "requests that meet none of the conditions fail with 404 NR",
		Fix:        "add a last route without match",
		OtherFix:   "keep a route without conditions for the clients of " + root.By.String(),
		RestsOn:    restsOn(p.Mesh, root, lacking),
	})
}

// clientsOf returns the namespaces whose clients may be given other routes, or
// other ports, than those that nobody names.
func clientsOf(view *mesh.View, root *mesh.VirtualService, deliveries []*mesh.Delivery) []string {
	names := []string{"", root.By.Namespace}
	for _, d := range deliveries {
		names = append(names, d.Reach.Sidecars.Named()...)
		for _, m := range d.Matches {
			if m.SourceNamespace != "" {
				names = append(names, m.SourceNamespace)
			}
		}
	}
	for _, host := range root.Hosts {
		for _, client := range view.Host(host).Everyone() {
			names = append(names, client.Viewpoint.Namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// requests are what the sidecars of one namespace match HTTP requests by.
type requests struct {
	matches []*mesh.Match
	// all is true where a route has no match at all. Nothing else is of interest then.
	all bool
	// ports are those that the host is called on; none where they are not known.
	ports []uint32
}

func requestsOf(view *mesh.View, root *mesh.VirtualService, deliveries []*mesh.Delivery, namespace string) requests {
	var r requests
	for _, d := range deliveries {
		if !d.Reach.Sidecars.Has(namespace) {
			continue
		}
		matches, unconditional := d.MatchesAt(mesh.Viewpoint{Namespace: namespace})
		if unconditional {
			return requests{all: true}
		}
		r.matches = append(r.matches, matches...)
	}
	for _, called := range view.Called(root, mesh.SectionHTTP, namespace) {
		r.ports = append(r.ports, called.Ports...)
	}
	return r
}

// leaveSome reports whether there are clients that are given a match, on a port on
// which they are given none that takes every request. The clients to look at are
// those with just the labels of one match.
func (r requests) leaveSome() bool {
	if r.all {
		return false
	}
	return slices.ContainsFunc(r.matches, func(m *mesh.Match) bool {
		ports := r.ports
		if m.Port != 0 {
			ports = dropOthers(ports, m.Port)
		} else if len(ports) == 0 {
			ports = []uint32{0}
		}
		return slices.ContainsFunc(ports, func(port uint32) bool { return !r.coversAll(m, port) })
	})
}

// dropOthers returns the port alone, or nothing where it is known to be none that
// is called.
func dropOthers(ports []uint32, port uint32) []uint32 {
	if len(ports) > 0 && !slices.Contains(ports, port) {
		return nil
	}
	return []uint32{port}
}

// coversAll reports whether the clients of a match are given one on a port, which
// is 0 where it is not known, that takes every request.
func (r requests) coversAll(of *mesh.Match, port uint32) bool {
	return slices.ContainsFunc(r.matches, func(m *mesh.Match) bool {
		return takesAll(m) && (m.Port == 0 || port == 0 || m.Port == port) && within(settledLabels(m), settledLabels(of))
	})
}

// takesAll reports whether Envoy finds a match met by every request. istiod knows
// fewer of these [4.6], but here it is what happens to the request that counts.
func takesAll(m *mesh.Match) bool {
	if m.Conditional() {
		return false
	}
	switch m.URI.How {
	case "":
		return true
	case mesh.Prefix:
		return m.URI.Text == "/" || m.URI.Text == ""
	case mesh.Regex:
		return slices.Contains([]string{".*", ".+", "/.*", "^/.*", "^/.*$", "^.*$"}, m.URI.Text)
	default:
		return false
	}
}

// settledLabels are the labels by which istiod gives a match to some workloads only:
// none where it names its gateways [4.5].
func settledLabels(m *mesh.Match) map[string]string {
	if len(m.Gateways) > 0 {
		return nil
	}
	return m.SourceLabels
}

// within reports whether some labels are all among others.
func within(labels, others map[string]string) bool {
	for key, value := range labels {
		if other, ok := others[key]; !ok || other != value {
			return false
		}
	}
	return true
}
