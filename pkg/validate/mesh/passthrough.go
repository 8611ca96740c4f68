package mesh

import (
	"cmp"
	"slices"
)

// atGateway is a VirtualService at the pods of a Gateway, alone or among all that are
// bound to it.
type atGateway struct {
	GatewayPods
	root *VirtualService
	all  bool
}

// pods are those in one namespace that all Gateways of one selector configure together.
type pods struct {
	selector string
	// scope is the one namespace whose Gateways they are given; empty for all.
	scope     string
	namespace string
}

// podsAt returns the pods of a Gateway that run in a namespace.
func (v *View) podsAt(gateway *Gateway, namespace string) pods {
	at := pods{selector: gateway.Selector, namespace: namespace}
	if v.snapshot.cfg.ScopeGatewayToNamespace {
		at.scope = gateway.By.Namespace
	}
	return at
}

// given are the Gateways of a VirtualService that the pods are given.
func (v *View) given(root *VirtualService, at pods) []*Gateway {
	var given []*Gateway
	for _, name := range root.Gateways {
		gateway := v.Gateway(name)
		if gateway != nil && gateway.Selector == at.selector && (at.scope == "" || at.scope == gateway.By.Namespace) {
			given = append(given, gateway)
		}
	}
	return given
}

// atPods is a VirtualService at some pods, alone or among all that share an SNI with it.
type atPods struct {
	pods
	root *VirtualService
	all  bool
}

// turn is the TLS match by which a server hands connections on.
type turn struct {
	server *Server
	match  *Match
}

// passedAt reports whether the pods of a Gateway hand connections on by a TLS match of a
// VirtualService [4.8], and false where the Gateway is not stored.
func (v *View) passedAt(at atGateway, m *Match) (passed, known bool) {
	gateway := v.Gateway(at.Gateway)
	if gateway == nil {
		return false, false
	}
	turns := v.turnsAt(atPods{v.podsAt(gateway, at.Namespace), at.root, at.all})
	return slices.ContainsFunc(gateway.Servers, func(server *Server) bool {
		_, has := turns[turn{server, m}]
		return has
	}), true
}

// turnsAt returns the TLS matches by which pods hand connections on, those of a
// VirtualService among them, each with whether the server has the filter chain for it: the
// same match may have one at an earlier server of the port already.
func (v *View) turnsAt(at atPods) map[turn]bool {
	turns, known := v.turns[at]
	if known {
		return turns
	}
	order, settled := v.sharingInOrder(at)
	if !settled {
		order = []*VirtualService{at.root}
	}
	turns = v.pass(order, at.pods)
	remember(&v.turns, at, turns)
	if !settled {
		return turns
	}
	for _, one := range order { // they are all in one another's order
		remember(&v.turns, atPods{at.pods, one, at.all}, turns)
	}
	return turns
}

// pass works out the turns. Each match has a filter chain of its own, and istiod leaves
// out one that has any SNI which an earlier one on the port has.
func (v *View) pass(order []*VirtualService, at pods) map[turn]bool {
	type name struct {
		gateway *Gateway
		port    uint32
		sni     string
	}
	type holder struct {
		bind  string
		match *Match
	}
	places, settled := v.handingOn(order, at)
	holders, turns := map[name]holder{}, map[turn]bool{}
	for _, p := range places {
		taking := name{gateway: p.gateway, port: p.server.Port}
		if settled {
			taking.gateway = nil
		}
		for m := range passed(p, order, at.namespace) {
			again, other := false, false
			for _, taking.sni = range m.SNI {
				h, taken := holders[taking]
				taken = taken && h.bind == p.server.Bind
				again, other = again || taken && h.match == m, other || taken && h.match != m
			}
			if other {
				continue
			}
			turns[turn{p.server, m}] = !again
			for _, taking.sni = range m.SNI {
				holders[taking] = holder{p.server.Bind, m}
			}
		}
	}
	return turns
}

// handingOn returns the servers of pods that hand TLS on for some VirtualServices, in the
// order in which istiod builds their filter chains: by port, protocol and address, as it
// first meets each, and then as they come. It is not settled between Gateways of unknown
// age.
func (v *View) handingOn(order []*VirtualService, at pods) (places []place, settled bool) {
	var gateways []*Gateway
	for _, vs := range order {
		gateways = append(gateways, v.given(vs, at)...)
	}
	slices.SortFunc(gateways, func(a, b *Gateway) int { return compareAge(a.By, b.By) })
	gateways = slices.Compact(gateways)
	settled = true
	type group struct {
		port           uint32
		protocol, bind string
	}
	of := func(s *Server) group { return group{s.Port, s.Protocol, s.Bind} }
	met := map[group]int{}
	for i, gateway := range gateways {
		if i > 0 {
			_, known := gateways[i-1].By.Older(gateway.By)
			settled = settled && known
		}
		for _, server := range gateway.Servers {
			p := place{gateway, server}
			if !server.encrypted() || v.dropped(p) != nil {
				continue
			}
			if _, known := met[of(server)]; !known {
				met[of(server)] = len(met)
			}
			if server.Section() == SectionTLS {
				places = append(places, p)
			}
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(met[of(a.server)], met[of(b.server)]) })
	return places, settled
}

// passed yields the TLS matches that a server could have chains for, in istiod's order.
func passed(p place, order []*VirtualService, namespace string) func(func(*Match) bool) {
	return func(yield func(*Match) bool) {
		gateway := p.gateway.Name()
		for _, vs := range order {
			if !vs.Seen.Has(namespace) || !slices.Contains(vs.Gateways, gateway) || !p.server.AdmitsAny(vs) {
				continue
			}
			for _, r := range vs.Routes {
				for _, m := range r.Matches {
					if r.Section == SectionTLS && len(r.Destinations) > 0 && m.at(p.server, gateway) && !yield(m) {
						return
					}
				}
			}
		}
	}
}

// sharingInOrder returns the VirtualServices whose TLS matches decide about those of one,
// in istiod's order, and whether that is known. One alone is.
func (v *View) sharingInOrder(at atPods) (order []*VirtualService, settled bool) {
	if !at.all {
		return []*VirtualService{at.root}, true
	}
	order, settled = v.sharingSNI(at.root, at.pods), true
	slices.SortFunc(order, func(a, b *VirtualService) int {
		before, known := a.precedes(b, at.namespace)
		settled = settled && (known || a == b)
		switch {
		case a == b:
			return 0
		case before:
			return -1
		default:
			return 1
		}
	})
	return order, settled
}

// sharingSNI returns a VirtualService with those at the same pods that have a TLS match for
// an SNI of it, or of one of those.
func (v *View) sharingSNI(root *VirtualService, at pods) []*VirtualService {
	sharing := []*VirtualService{root}
	asked, has := map[string]bool{}, map[*VirtualService]bool{root: true}
	for i := 0; i < len(sharing); i++ {
		for _, sni := range sharing[i].names() {
			if asked[sni] {
				continue
			}
			asked[sni] = true
			for h := range v.snapshot.linked(passes, sni) {
				if !has[h.route] && len(v.given(h.route, at)) > 0 {
					has[h.route] = true
					sharing = append(sharing, h.route)
				}
			}
		}
	}
	return sharing
}

// names are the SNIs of the VirtualService's TLS matches, in order.
func (v *VirtualService) names() []string {
	var names []string
	for _, r := range v.Routes {
		for _, m := range r.Matches {
			names = append(names, m.SNI...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// forwardedAt returns which of a VirtualService's TCP routes the pods of a Gateway are
// given [4.8], and false where the Gateway is not stored.
func (v *View) forwardedAt(at atGateway) (map[*Route]bool, bool) {
	gateway := v.Gateway(at.Gateway)
	if gateway == nil {
		return nil, false
	}
	handed, known := v.handed[at]
	if !known {
		handed = map[*Route]bool{}
		v.forward(gateway, at, handed)
		remember(&v.handed, at, handed)
	}
	return handed, true
}

// forward fills in the TCP routes. For each server istiod takes the first that matches,
// of the first VirtualService that has one.
func (v *View) forward(gateway *Gateway, at atGateway, handed map[*Route]bool) {
	for _, server := range gateway.Servers {
		first := forwarded(server, at.root, at.GatewayPods)
		if first == nil || v.Closed(gateway, server) {
			continue
		}
		beaten := false
		for h := range v.snapshot.linked(forwards, at.Gateway) {
			before, known := h.route.precedes(at.root, at.Namespace)
			beaten = beaten || at.all && h.route != at.root && before && known && forwarded(server, h.route, at.GatewayPods) != nil
		}
		handed[first] = handed[first] || !beaten
	}
}

// forwarded returns the first TCP route of a VirtualService that a server could hand its
// connections to, or nil.
func forwarded(server *Server, vs *VirtualService, at GatewayPods) *Route {
	if server.Section() != SectionTCP || !vs.Seen.Has(at.Namespace) || !server.AdmitsAny(vs) {
		return nil
	}
	for _, r := range vs.Routes {
		is := func(m *Match) bool { return m.at(server, at.Gateway) }
		if r.Section == SectionTCP && len(r.Destinations) > 0 && (len(r.Matches) == 0 || slices.ContainsFunc(r.Matches, is)) {
			return r
		}
	}
	return nil
}

// at reports whether a TLS or TCP match is for a server of a Gateway: there istiod asks
// for port and Gateway only [4.5].
func (m *Match) at(server *Server, gateway string) bool {
	return (m.Port == 0 || m.Port == server.Port) && (len(m.Gateways) == 0 || slices.Contains(m.Gateways, gateway))
}
