package mesh

import (
	"slices"
)

// Delivery is a route as istiod hands it out: after delegates are merged, and
// with who is given it [4.3, 4.5, 4.6, 4.10].
type Delivery struct {
	// Root is the VirtualService that is bound; By is the one that has the route,
	// the same unless Root delegates to it.
	Root, By *VirtualService
	// From is Root's entry, Route is By's; the same where nothing is delegated.
	From, Route *Route
	// Matches are those that hold, of root and delegate together.
	Matches []*Match
	Reach   Reach
	// Buried are those who are not given the route only because an earlier one of
	// the same VirtualService takes everything.
	Buried Reach
	// Labeled is true where sourceLabels leave out some of those in Reach.
	Labeled bool

	sent    []share // worked out by shares
	sharing bool
	asked   []asking // few: a route leads to few hosts
}

// Deliveries returns the routes of a VirtualService as the proxies get them, in
// order: none for a delegate, which has roots that hand out its routes.
func (v *View) Deliveries(root *VirtualService) []*Delivery {
	deliveries, known := v.routes[root]
	if known {
		return deliveries
	}
	deliveries = v.handedOut(root)
	lost := map[Section]Namespaces{SectionHTTP: v.lost(root, SectionHTTP), SectionTCP: v.lost(root, SectionTCP)}
	if root.streams() {
		bound := v.bound(root, SectionTLS)
		for _, d := range deliveries {
			v.first(d, bound, &d.Reach, true)
		}
	}
	for _, d := range deliveries {
		gone := lost[d.Route.Section].Or(v.lostPorts(d))
		d.Reach.Sidecars = d.Reach.Sidecars.Minus(gone)
		d.Buried.Sidecars = d.Buried.Sidecars.Minus(gone)
	}
	remember(&v.routes, root, deliveries)
	return deliveries
}

// handedOut returns the deliveries of a VirtualService as if no other claimed its hosts.
func (v *View) handedOut(root *VirtualService) []*Delivery {
	if root.Delegate() {
		return nil
	}
	var deliveries []*Delivery
	bound, taken := map[Section]Reach{}, map[Section]Reach{}
	for _, section := range []Section{SectionHTTP, SectionTLS, SectionTCP} {
		bound[section] = v.bound(root, section)
	}
	for _, d := range v.expanded(root) {
		section := d.Route.Section
		given, everything := d.narrowed(bound[section], v.listening)
		d.Reach = given.minus(taken[section])
		v.first(d, bound[section], &d.Reach, false)
		d.Buried = given.minus(d.Reach)
		taken[section] = taken[section].or(everything)
		deliveries = append(deliveries, d)
	}
	return deliveries
}

// expanded returns the routes of a VirtualService with those of its delegates in
// their places.
func (v *View) expanded(root *VirtualService) []*Delivery {
	var deliveries []*Delivery
	for _, from := range root.Routes {
		if from.Delegate == "" {
			deliveries = append(deliveries, &Delivery{Root: root, By: root, From: from, Route: from, Matches: from.Matches})
			continue
		}
		delegate, why := v.Delegated(root, from)
		if why != "" {
			continue
		}
		for _, leaf := range delegate.Routes {
			if matches, ok := MergedMatches(from, leaf); ok {
				deliveries = append(deliveries, &Delivery{Root: root, By: delegate, From: from, Route: leaf, Matches: matches})
			}
		}
	}
	return deliveries
}

// listening is what a port in a match leaves of those who are given it, and those of them
// whose traffic comes in on no other.
type listening func(root *VirtualService, section Section, port uint32, reach Reach) (left, only Reach)

// narrowed returns who of the bound is given the route, and for whom it leaves
// nothing to the routes after it.
func (d *Delivery) narrowed(bound Reach, on listening) (given, everything Reach) {
	section := d.Route.Section
	if len(d.Matches) == 0 {
		if section == SectionTLS { // never without a match
			return bound, Reach{}
		}
		return bound, bound
	}
	for _, m := range d.Matches {
		reach := m.given(section, bound)
		only := reach
		if m.Port != 0 {
			reach, only = on(d.Root, section, m.Port, reach)
		}
		given = given.or(reach)
		d.Labeled = d.Labeled || m.labeled(section)
		everything = everything.or(m.emptied(section, only))
	}
	return given, everything
}

// listening narrows those who are given a section of a VirtualService down to those
// who have a listener on a port for it: sidecars, where one of its hosts has the port,
// and gateways, where a server has its number [4.5]; and to those of them who have no other.
func (v *View) listening(root *VirtualService, section Section, port uint32, reach Reach) (left, only Reach) {
	if !reach.Sidecars.IsEmpty() {
		reach.Sidecars = reach.Sidecars.And(v.servedOn(root, section, port))
	}
	reach.Gateways = dropped(reach.Gateways, func(g GatewayPods) bool { return !v.opens(g.Gateway, root, section, port) })
	return reach, v.onlyPort(root, section, port, reach)
}

// servedOn returns the namespaces whose sidecars have a listener on a port that acts
// for a section of a VirtualService. Names that are no service are called on port 80
// [4.3, 8.1]; what cannot be known of a wildcard counts as having the port.
func (v *View) servedOn(root *VirtualService, section Section, port uint32) Namespaces {
	var all Namespaces
	for _, name := range root.Hosts {
		all = all.Or(v.hostServedOn(name, section, port))
	}
	return all
}

// hostServedOn is servedOn for one host.
func (v *View) hostServedOn(name string, section Section, port uint32) Namespaces {
	host := v.Host(name)
	switch {
	case section != SectionHTTP:
		return v.streamed(name, section, port)
	case IsWildcard(name):
		return v.underServedOn(name, port)
	case port == standIn && !host.Declared():
		return AllNamespaces()
	case host.Declared():
		return where(host.apart(), func(client string) bool { return host.listens(client, port) })
	default:
		return Namespaces{}
	}
}

// underServedOn is servedOn for HTTP and what a wildcard covers. Where none of that has
// port 80, the wildcard itself is called there, unless it is a service without it.
func (v *View) underServedOn(wildcard string, port uint32) Namespaces {
	hosts, every := v.DeclaredHosts(wildcard)
	if !every || !v.snapshot.cfg.Complete || v.snapshot.cfg.Knows(wildcard) || port == standIn && !v.Host(wildcard).Declared() {
		return AllNamespaces()
	}
	var all Namespaces
	for _, name := range hosts {
		host := v.Host(name)
		all = all.Or(where(host.apart(), func(client string) bool { return host.listens(client, port) }))
	}
	return all
}

// listens reports whether clients of a namespace may have a listener for the host
// that HTTP routes act on, on a port.
func (h *Host) listens(client string, port uint32) bool {
	services := h.Services(client)
	if len(services) == 0 {
		return port == standIn
	}
	return slices.ContainsFunc(h.withRivals(services), func(s Service) bool {
		switch {
		case !s.shown(client), s.Alias != "" && s.Portless():
			return port == standIn && s.Has(standIn)
		default:
			return s.servesOn(SectionHTTP, port)
		}
	})
}

// servesOn reports whether a port of the service is one that a section acts on; any is,
// where nothing is said of ports.
func (s Service) servesOn(section Section, port uint32) bool {
	return s.Portless() || slices.ContainsFunc(s.ports, func(p Port) bool { return p.Number == port && p.Protocol.serves(section) })
}

// WhyNoDelegate says why a route cannot be delegated.
type WhyNoDelegate string

// The reasons for which istiod drops a route that delegates [4.10].
const (
	DelegateMissing  WhyNoDelegate = "missing"
	DelegateHidden   WhyNoDelegate = "hidden"
	DelegateHasHosts WhyNoDelegate = "has hosts"
)

// Delegated returns the VirtualService that a route of root delegates to, or why
// there is none.
func (v *View) Delegated(root *VirtualService, route *Route) (*VirtualService, WhyNoDelegate) {
	delegate := v.VirtualService(route.Delegate)
	switch {
	case delegate == nil:
		return nil, DelegateMissing
	case !delegate.Delegate():
		return delegate, DelegateHasHosts
	case !delegate.Seen.Has(root.By.Namespace):
		return delegate, DelegateHidden
	default:
		return delegate, ""
	}
}

// MergedMatches returns the matches of a delegate's route under those of its
// root's, and whether istiod keeps the route at all [4.10]: every match of the
// delegate has to go with one of the root's. A route that is not HTTP is not kept; one
// that delegates again is, without a destination.
func MergedMatches(root, leaf *Route) ([]*Match, bool) {
	switch {
	case leaf.Section != SectionHTTP:
		return nil, false
	case len(root.Matches) == 0:
		return leaf.Matches, true
	case len(leaf.Matches) == 0:
		return root.Matches, true
	}
	var merged []*Match
	for _, l := range leaf.Matches {
		kept := false
		for _, r := range root.Matches {
			if both, ok := r.merge(l); ok {
				merged, kept = append(merged, both), true
			}
		}
		if !kept {
			return nil, false
		}
	}
	return merged, true
}

// bound is who a section of a VirtualService is given to as a whole: the sidecars
// and the gateways that it is bound to, as far as they can see it and have a
// listener for it [2.3, 4.1, 4.3, 4.7].
func (v *View) bound(root *VirtualService, section Section) Reach {
	var bound Reach
	if root.Mesh {
		bound.Sidecars = v.served(root, section)
	}
	bound.Gateways = v.podsBound(root, func(name string) bool { return v.opens(name, root, section, 0) })
	return bound
}

// podsBound returns the pods of some Gateways of a VirtualService, as far as they can see
// it.
func (v *View) podsBound(root *VirtualService, some func(gateway string) bool) []GatewayPods {
	var bound []GatewayPods
	for _, name := range root.Gateways {
		if !some(name) {
			continue
		}
		pods, _ := v.PodsOf(name)
		for _, namespace := range pods {
			if root.Seen.Has(namespace) {
				bound = append(bound, GatewayPods{name, namespace})
			}
		}
	}
	slices.SortFunc(bound, GatewayPods.compare)
	return slices.Compact(bound)
}

// opens reports whether a Gateway has a server, on a port or with 0 on any, that
// hands a section of a VirtualService out. One that is not stored may have any where
// others can be. A server that redirects to HTTPS sends nobody along a route, and one that
// istiod drops has none.
func (v *View) opens(name string, root *VirtualService, section Section, port uint32) bool {
	gateway := v.Gateway(name)
	if gateway == nil {
		return !v.snapshot.cfg.Complete || Generated(name)
	}
	return slices.ContainsFunc(gateway.Servers, func(s *Server) bool {
		return (port == 0 || s.Port == port) && s.Section() == section && !s.Redirects && s.AdmitsAny(root) && !v.Closed(gateway, s)
	})
}

// AdmitsAny reports whether the server lets a VirtualService serve any of its hosts.
func (s *Server) AdmitsAny(root *VirtualService) bool {
	return slices.ContainsFunc(root.Hosts, func(host string) bool {
		_, _, ok := s.Admits(host, root.By.Namespace)
		return ok
	})
}

// served returns the namespaces whose sidecars have a listener for a section of a
// VirtualService.
func (v *View) served(root *VirtualService, section Section) Namespaces {
	all := Namespaces{}
	for _, name := range root.Hosts {
		all = all.Or(v.servedFor(root, name, section))
	}
	return root.Seen.And(all)
}

// servedFor returns the namespaces whose sidecars have a listener for a section of a
// VirtualService for one of its hosts: that of a service, or for HTTP the one on port 80
// for names that are no service [4.3, 4.4].
func (v *View) servedFor(root *VirtualService, name string, section Section) Namespaces {
	host := v.Host(name)
	switch {
	case section != SectionHTTP:
		return v.streamed(name, section, 0)
	case IsWildcard(name) && v.replaced(name):
		return Namespaces{}
	case IsWildcard(name):
		return v.servedUnder(root, name)
	case !host.Declared():
		return AllNamespaces()
	}
	return where(host.apart(), func(client string) bool {
		services := host.Services(client)
		// Where there is none, it is a name that is no service to them.
		return len(services) == 0 || slices.ContainsFunc(services, func(s Service) bool { return v.acted(s, client) })
	})
}

// acted reports whether clients of a namespace may have a listener for a service that
// HTTP routes act on. One that is hidden from them is as a name that is no service, on
// port 80, if that is a port of it [2.2, 8.1]. That of an ExternalName is one of what it
// stands for, on a port that both have; where it has none itself, or port 80, it is as a
// name that is no service as well [1.9].
func (v *View) acted(s Service, client string) bool {
	switch {
	case !s.shown(client):
		return s.Has(standIn)
	case s.Alias == "":
		return s.serves(SectionHTTP)
	}
	return s.servesOn(SectionHTTP, standIn) || slices.ContainsFunc(v.Host(s.Alias).Services(client), func(target Service) bool {
		return slices.ContainsFunc(target.ports, func(p Port) bool {
			return p.Protocol == ProtocolHTTP && s.servesOn(SectionHTTP, p.Number)
		})
	})
}

// replaced reports whether sidecars do nothing for the HTTP routes of a VirtualService
// for a wildcard, as nothing is declared under it and a wider wildcard is, which takes
// its place [4.3].
func (v *View) replaced(wildcard string) bool {
	return !v.DeclaredUnder(wildcard) && slices.ContainsFunc(v.snapshot.wildcardsInUse(wildcard), func(wider string) bool { return v.Host(wider).Declared() })
}

// serves reports whether any port of the service is one that a section of a
// VirtualService acts on. An ExternalName has no listener but HTTP's [1.9].
func (s Service) serves(section Section) bool {
	if s.Alias != "" {
		return section == SectionHTTP
	}
	return len(s.ports) == 0 || slices.ContainsFunc(s.ports, func(p Port) bool { return p.Protocol.serves(section) })
}

// where returns the namespaces for which something is so: it is asked of the named
// ones, and of the empty name for all the others.
func where(names []string, so func(namespace string) bool) Namespaces {
	result := Namespaces{allBut: so("")}
	for i, name := range names {
		if name != "" && !slices.Contains(names[:i], name) && so(name) != result.allBut {
			result.names = append(result.names, name)
		}
	}
	slices.Sort(result.names)
	return result
}
