package mesh

import (
	"fmt"
	"slices"
	"strings"
)

// chain is a filter chain of a server for a name: of one that ends TLS, or of one that
// hands it on for a VirtualService.
type chain struct {
	place
	hands *Handing // nil where the server ends TLS
}

// refused returns the servers that Envoy refuses for a name, although istiod keeps them:
// those that have a filter chain for it as well as an earlier one, by the name of its key.
func (v *View) refused(name string) []*ServerConflict {
	var conflicts []*ServerConflict
	chains := v.chains(name)
	for _, c := range chains {
		if conflict := v.doubled(c, chains, serverNamed(name)); conflict != nil {
			conflicts = append(conflicts, conflict)
		}
	}
	return conflicts
}

// unnamed returns why Envoy refuses a plaintext server that istiod keeps behind one with
// TLS: that one is for any name, and neither filter chain asks for one.
func (v *View) unnamed(p place) *ServerConflict {
	if !p.server.http() {
		return nil
	}
	listener, _ := p.keys()
	return v.doubled(chain{place: p}, v.chains(serverNameKey(listener, anyName).Name), anyName)
}

// doubled finds an earlier one of the filter chains of a host, on the address of another.
// istiod itself sees to it that no two servers hand on the same name.
func (v *View) doubled(c chain, chains []chain, host string) *ServerConflict {
	for _, o := range chains {
		if !o.before(c.place) {
			return nil
		}
		if o.server.Bind != c.server.Bind || !v.meet(o.place, c.place) || o.hands != nil && c.hands != nil {
			continue
		}
		conflict := conflictOf(c.place, o.place, ServerSNITaken, host)
		conflict.Hands, conflict.FirstHands = c.hands, o.hands
		return conflict
	}
	return nil
}

// chains returns the filter chains for a name, by the name of its key, in istiod's order
// of their servers.
func (v *View) chains(name string) []chain {
	chains, known := v.chained[name]
	if known {
		return chains
	}
	host := serverNamed(name)
	for _, p := range v.answering(name) {
		if p.server.terminates() && v.dropped(p) == nil && (host == anyName || !p.server.anyNamed()) {
			chains = append(chains, chain{place: p})
		}
	}
	chains = append(chains, v.handing(name)...)
	slices.SortStableFunc(chains, func(a, b chain) int { return a.compare(b.place) })
	remember(&v.chained, name, chains)
	return chains
}

// handing returns the filter chains for a name of servers that hand it on.
func (v *View) handing(name string) []chain {
	var chains []chain
	sni := serverNamed(name)
	for h := range v.snapshot.linked(passes, sni) {
		for _, to := range h.route.Gateways {
			gateway := v.Gateway(to)
			if gateway == nil {
				continue
			}
			for _, server := range gateway.Servers {
				p := place{gateway, server}
				listener, _ := p.keys()
				has := slices.ContainsFunc(chains, func(c chain) bool { return c.place == p })
				if has || serverNameKey(listener, sni).Name != name {
					continue
				}
				if hands := v.hands(p, h.route, sni); hands != nil {
					chains = append(chains, chain{p, hands})
				}
			}
		}
	}
	return chains
}

// hands returns how a server hands a name on for a VirtualService with a filter chain of
// its own, on any pods, or nil.
func (v *View) hands(p place, root *VirtualService, sni string) *Handing {
	if p.server.Section() != SectionTLS {
		return nil
	}
	namespaces, _ := v.PodsOf(p.gateway.Name())
	for _, namespace := range namespaces {
		turns := v.turnsAt(atPods{v.podsAt(p.gateway, namespace), root, true})
		for _, r := range root.Routes {
			for i, m := range r.Matches {
				if turns[turn{p.server, m}] && m.names(sni) {
					return &Handing{root, fmt.Sprintf("%s.match[%d]", r.Field(), i)}
				}
			}
		}
	}
	return nil
}

// names reports whether the filter chain of a TLS match is for a name: with "*" among
// them, it asks for none.
func (m *Match) names(sni string) bool {
	return slices.Contains(m.SNI, sni) && (sni == anyName || !slices.Contains(m.SNI, anyName))
}

// anyNamed reports whether the filter chain of the server asks for no name.
func (s *Server) anyNamed() bool {
	return slices.ContainsFunc(s.Hosts, func(entry ServerHost) bool { return entry.Host == anyName })
}

// serverNamed is the host of a server name, by the name of its key.
func serverNamed(name string) string {
	parts := strings.SplitN(name, "|", 3)
	return parts[len(parts)-1]
}

// handedNames appends the keys of the names that the servers of a VirtualService's
// Gateways may hand on for it, and where it is any name, those of their listeners.
func (v *View) handedNames(keys []Key, root *VirtualService) []Key {
	names := root.names()
	if len(names) == 0 {
		return keys
	}
	for _, name := range root.Gateways {
		gateway := v.Gateway(name)
		if gateway == nil {
			continue
		}
		for _, server := range gateway.Servers {
			if server.Section() != SectionTLS {
				continue
			}
			listener, _ := place{gateway, server}.keys()
			for _, sni := range names {
				keys = append(keys, serverNameKey(listener, sni))
			}
			if slices.Contains(names, anyName) {
				keys = append(keys, listener)
			}
		}
	}
	return keys
}
