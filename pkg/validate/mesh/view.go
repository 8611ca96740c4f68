package mesh

import "slices"

// View is what rules may see of a snapshot: lookups by key, and nothing that
// walks, so that the cost of judging a change follows the host and not the mesh.
// It remembers what it worked out, for as long as one change is judged; it is for
// one goroutine.
type View struct {
	snapshot *Snapshot
	hosts    map[string]*Host
	routes   map[*VirtualService][]*Delivery
	targets  map[*VirtualService][]*Target
	pods     map[string][]string
	drops    map[place]*ServerConflict
	claimed  map[claim]Namespaces
	contests map[string]contest
	answers  map[string][]place
	virtual  map[string][][]*VirtualHost
	scopes   map[string][]*Sidecar

	listeners   map[string]listened
	handed      map[atGateway]map[*Route]bool
	turns       map[atPods]map[turn]bool
	chained     map[string][]chain
	expressions expressions
}

// View returns the snapshot's lookups.
func (s *Snapshot) View() *View {
	return &View{snapshot: s, hosts: map[string]*Host{}, expressions: expressions{}}
}

// remember puts something into one of the view's maps, most of which are of no use to most
// changes and are made by what comes first.
func remember[K comparable, V any](in *map[K]V, key K, value V) {
	if *in == nil {
		*in = map[K]V{}
	}
	(*in)[key] = value
}

// Config returns the settings of the mesh. They must not be changed.
func (v *View) Config() *Config { return v.snapshot.cfg }

// VirtualService returns a VirtualService by its "namespace/name", or nil.
func (v *View) VirtualService(name string) *VirtualService {
	if h := v.get(KindVirtualService, name); h != nil {
		return h.route
	}
	return nil
}

// Gateway returns a Gateway by its "namespace/name", or nil.
func (v *View) Gateway(name string) *Gateway {
	if h := v.get(KindGateway, name); h != nil {
		return h.gateway
	}
	return nil
}

func (v *View) get(kind Kind, name string) *held {
	var space keySpace
	return v.snapshot.held.get(refOf(kind, name).appendKey(space[:0]))
}

// Roots returns the VirtualServices that delegate to one, by its "namespace/name".
func (v *View) Roots(delegate string) []*VirtualService {
	var roots []*VirtualService
	for h := range v.snapshot.linked(delegatesTo, delegate) {
		roots = append(roots, h.route)
	}
	return roots
}

// Claiming returns the VirtualServices that have a host among their hosts,
// whatever they are bound to, by name. They must not be changed.
func (v *View) Claiming(host string) []*VirtualService {
	h := v.Host(host)
	if h.asked {
		return h.claiming
	}
	h.asked = true
	for by := range v.snapshot.linked(claims, host) {
		h.claiming = append(h.claiming, by.route)
	}
	h.claiming = slices.Clip(h.claiming)
	return h.claiming
}

// Attached returns the HTTPRoutes and Ingresses that serve a host, by name.
func (v *View) Attached(host string) []*APIRoute {
	var attached []*APIRoute
	for h := range v.snapshot.linked(attaches, host) {
		attached = append(attached, h.api)
	}
	return attached
}

// DeclaredUnder reports whether anything declares a host that a wildcard covers,
// or the wildcard itself.
func (v *View) DeclaredUnder(wildcard string) bool {
	for range v.snapshot.declared.under(wildcardKey(wildcard)) {
		return true
	}
	return false
}
