package mesh

import (
	"maps"
	"slices"
	"strings"
)

// sameConnections reports whether two TLS matches are for the same connections in
// istiod's eyes, which compares the lists as they are written [4.4].
func (m *Match) sameConnections(o *Match) bool {
	return strings.Join(m.SNI, ",") == strings.Join(o.SNI, ",") && strings.Join(m.Subnets, ",") == strings.Join(o.Subnets, ",")
}

// wherever reports whether all of a namespace's sidecars that are given a match are given
// this one as well, whatever their labels.
func (m *Match) wherever(o *Match) bool {
	return picked(m.SourceLabels, o.SourceLabels)
}

// handed is one match of a TLS route.
type handed struct {
	by *VirtualService
	*Match
}

// earlier returns the earlier matches of the same VirtualService that are for the connections
// of one.
func (d *Delivery) earlier(m *Match) []handed {
	var earlier []handed
	for _, r := range d.Root.Routes {
		for _, o := range r.Matches {
			if r.Section != SectionTLS || len(r.Destinations) == 0 {
				continue
			}
			if o == m {
				return earlier
			}
			if o.sameConnections(m) {
				earlier = append(earlier, handed{d.Root, o})
			}
		}
	}
	return earlier
}

// others returns the matches of other VirtualServices on the mesh, for any name of a declared
// host, that are for the connections of one.
func (v *View) others(root *VirtualService, host string, m *Match) []handed {
	if len(m.SNI) == 0 {
		return nil // which no TLS match may be without
	}
	var others []handed
	for h := range v.snapshot.linked(passes, m.SNI[0]) {
		other := h.route
		if other == root || !other.Mesh || !other.overlaps(host) {
			continue
		}
		for _, r := range other.Routes {
			if r.Section != SectionTLS || len(r.Destinations) == 0 {
				continue
			}
			for _, o := range r.Matches {
				if o.sameConnections(m) {
					others = append(others, handed{other, o})
				}
			}
		}
	}
	return others
}

// overlaps reports whether any host of the VirtualService has names in common with a host.
func (v *VirtualService) overlaps(host string) bool {
	return slices.ContainsFunc(v.Hosts, func(own string) bool {
		_, overlap := Overlap(own, host)
		return overlap && own != "*" // which is none that the mesh allows
	})
}

// left returns those of the sidecars that are given a TLS match for whom it is the first
// for its connections on any port: istiod hands no second one out [4.4]. Matches of other
// VirtualServices count as well where it is asked for.
func (v *View) left(d *Delivery, m *Match, given Namespaces, others bool) Namespaces {
	var listened []string
	for _, name := range d.Root.Hosts {
		at := v.listened(name)
		if !at.all {
			return given
		}
		listened = append(listened, at.hosts...)
	}
	own := d.earlier(m)
	before := make(map[string][]handed, len(listened))
	names := slices.Clone(given.Named())
	for _, host := range listened {
		before[host] = own
		if others {
			before[host] = slices.Concat(own, v.others(d.Root, host, m))
		}
		names = v.Host(host).declaredFor(names)
		for _, o := range before[host] {
			names = append(append(names, o.by.By.Namespace, o.SourceNamespace), o.by.Seen.Named()...)
		}
	}
	if len(slices.Concat(slices.Collect(maps.Values(before))...)) == 0 {
		return given
	}
	return where(append(names, d.Root.By.Namespace), func(client string) bool {
		return given.Has(client) && slices.ContainsFunc(listened, func(host string) bool {
			return v.firstOn(v.Host(host), d.Root, m, before[host], client)
		})
	})
}

// firstOn reports whether a match may be the first for its connections on any port of a
// host that clients of a namespace call.
func (v *View) firstOn(host *Host, root *VirtualService, m *Match, before []handed, client string) bool {
	if !host.streams(client, SectionTLS, m.Port) {
		return false
	}
	ports := host.calledOn(SectionTLS, client)
	if m.Port != 0 || len(ports) == 0 { // without, they are not known
		ports = []uint32{m.Port}
	}
	before = slices.DeleteFunc(slices.Clone(before), func(o handed) bool { return !v.handedBefore(o, root, m, client) })
	return slices.ContainsFunc(ports, func(port uint32) bool {
		return !slices.ContainsFunc(before, func(o handed) bool { return o.Port == 0 || o.Port == port })
	})
}

// handedBefore reports whether all sidecars of a namespace that are given a match are
// certainly given another before it.
func (v *View) handedBefore(o handed, root *VirtualService, m *Match, client string) bool {
	if !o.wherever(m) || !o.given(SectionTLS, Reach{Sidecars: AllNamespaces()}).Sidecars.Has(client) {
		return false
	}
	if o.by == root {
		return true
	}
	before, known := o.by.precedes(root, client)
	return before && known && o.by.Seen.Has(client) && v.importsWith(root, o.by, client)
}

// first narrows those who are given a TLS or TCP route down to those for whom it is the
// first for its connections: of its VirtualService, or of all that there are.
func (v *View) first(d *Delivery, bound Reach, reach *Reach, all bool) {
	section := d.Route.Section
	if section == SectionHTTP {
		return
	}
	at := func(g GatewayPods) atGateway { return atGateway{g, d.Root, all} }
	if section == SectionTCP {
		reach.Gateways = dropped(reach.Gateways, func(g GatewayPods) bool {
			handed, known := v.forwardedAt(at(g))
			return known && !handed[d.Route]
		})
		return
	}
	if len(d.Matches) == 0 {
		return
	}
	var first Reach
	for _, m := range d.Matches {
		given := m.given(section, bound)
		if m.Port != 0 {
			given, _ = v.listening(d.Root, section, m.Port, given)
		}
		given.Sidecars = v.left(d, m, given.Sidecars, all)
		given.Gateways = dropped(given.Gateways, func(g GatewayPods) bool {
			handed, known := v.passedAt(at(g), m)
			return known && !handed
		})
		first = first.or(given)
	}
	*reach = first
}
