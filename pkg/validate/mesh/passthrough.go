package mesh

import "slices"

// handedAt are the TLS matches and the TCP routes that the pods of a Gateway are given.
type handedAt struct {
	matches map[*Match]bool
	routes  map[*Route]bool
}

// atGateway is a VirtualService at the pods of a Gateway, alone or among all that are
// bound to it.
type atGateway struct {
	GatewayPods
	root *VirtualService
	all  bool
}

// handedAt returns what of a VirtualService's TLS and TCP routes the pods of a Gateway
// are given [4.8], and false where the Gateway is not stored.
func (v *View) handedAt(at atGateway) (handedAt, bool) {
	gateway := v.Gateway(at.Gateway)
	if gateway == nil {
		return handedAt{}, false
	}
	handed, known := v.handed[at]
	if !known {
		handed = handedAt{map[*Match]bool{}, map[*Route]bool{}}
		v.pass(gateway, at, handed.matches)
		v.forward(gateway, at, handed.routes)
		v.handed[at] = handed
	}
	return handed, true
}

// pass fills in the TLS matches. Each has a filter chain of its own, and istiod leaves out
// one that has any SNI which an earlier one on the port has.
func (v *View) pass(gateway *Gateway, at atGateway, handed map[*Match]bool) {
	type name struct {
		port      uint32
		bind, sni string
	}
	taken := map[name]bool{}
	order := v.passing(at)
	for _, server := range gateway.Servers {
		if v.Closed(gateway, server) {
			continue
		}
		for m := range passed(server, order, at.GatewayPods) {
			is := func(sni string) bool { return taken[name{server.Port, server.Bind, sni}] }
			if slices.ContainsFunc(m.SNI, is) {
				continue
			}
			for _, sni := range m.SNI {
				taken[name{server.Port, server.Bind, sni}] = true
			}
			handed[m] = true
		}
	}
}

// passed yields the TLS matches that a server could have chains for, in istiod's order.
func passed(server *Server, order []*VirtualService, at GatewayPods) func(func(*Match) bool) {
	return func(yield func(*Match) bool) {
		if server.Section() != SectionTLS {
			return
		}
		for _, vs := range order {
			if !vs.Seen.Has(at.Namespace) || !server.AdmitsAny(vs) {
				continue
			}
			for _, r := range vs.Routes {
				for _, m := range r.Matches {
					if r.Section == SectionTLS && len(r.Destinations) > 0 && m.at(server, at.Gateway) && !yield(m) {
						return
					}
				}
			}
		}
	}
}

// passing returns the VirtualServices whose TLS matches decide about those of one, in
// istiod's order. Where that is not known, it stands alone.
func (v *View) passing(at atGateway) []*VirtualService {
	if !at.all {
		return []*VirtualService{at.root}
	}
	order := v.snapshot.sharingSNI(at.root, at.Gateway)
	settled := true
	slices.SortFunc(order, func(a, b *VirtualService) int {
		before, known := a.precedes(b, at.Namespace)
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
	if !settled {
		return []*VirtualService{at.root}
	}
	return order
}

// sharingSNI returns a VirtualService with those at a Gateway that have a TLS match for an
// SNI of it, or of one of those.
func (s *Snapshot) sharingSNI(v *VirtualService, gateway string) []*VirtualService {
	sharing := []*VirtualService{v}
	for i := 0; i < len(sharing); i++ {
		for _, sni := range sharing[i].names() {
			for h := range s.linked(passes, gateway+"|"+sni) {
				if !slices.Contains(sharing, h.route) {
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
