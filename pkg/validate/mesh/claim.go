package mesh

import "slices"

// lost returns the namespaces whose sidecars take no route of a section of a
// VirtualService, because others claim all of its hosts before it that have a listener
// [4.3, 4.4].
func (v *View) lost(root *VirtualService, section Section) Namespaces {
	if !root.Mesh || root.Delegate() || !root.Has(section) {
		return Namespaces{}
	}
	if section == SectionTCP {
		return v.lostListeners(root)
	}
	lost := AllNamespaces()
	for _, host := range root.Hosts {
		unserved := AllNamespaces().Minus(v.servedFor(root, host, section))
		if lost = lost.And(v.taken(root, host, section).Or(unserved)); lost.IsEmpty() {
			break
		}
	}
	return lost
}

// lostPorts returns the namespaces whose sidecars do not take an HTTP route that is for
// some ports only, because others claim all of the hosts that have these.
func (v *View) lostPorts(d *Delivery) Namespaces {
	onAny := func(m *Match) bool { return m.Port == 0 }
	if !d.Root.Mesh || d.Route.Section != SectionHTTP || len(d.Matches) == 0 || slices.ContainsFunc(d.Matches, onAny) {
		return Namespaces{}
	}
	lost := AllNamespaces()
	for _, m := range d.Matches {
		for _, host := range d.Root.Hosts {
			if lost.IsEmpty() {
				return lost
			}
			elsewhere := AllNamespaces().Minus(v.hostServedOn(host, SectionHTTP, m.Port))
			lost = lost.And(elsewhere.Or(v.taken(d.Root, host, SectionHTTP)))
		}
	}
	return lost
}

// lostListeners is lost for TCP, where others may have all listeners of one host [4.4].
func (v *View) lostListeners(root *VirtualService) Namespaces {
	lost := AllNamespaces()
	for _, name := range root.Hosts {
		listened := v.listened(name)
		if !listened.all || !v.snapshot.cfg.Complete && IsWildcard(name) {
			return Namespaces{}
		}
		if len(listened.hosts) == 0 {
			lost = lost.And(v.taken(root, name, SectionTCP))
		}
		for _, host := range listened.hosts {
			if lost.IsEmpty() {
				break
			}
			unheard := AllNamespaces().Minus(v.heard(host, SectionTCP, 0))
			lost = lost.And(v.taken(root, host, SectionTCP).Or(unheard))
		}
	}
	return lost
}

// claim is a section of a VirtualService for one of its hosts.
type claim struct {
	root    *VirtualService
	host    string
	section Section
}

// taken returns the namespaces whose sidecars take a section of another
// VirtualService for a host.
func (v *View) taken(root *VirtualService, host string, section Section) Namespaces {
	at := claim{root, host, section}
	taken, known := v.claimed[at]
	if known {
		return taken
	}
	rivals := v.rivals
	if section == SectionTCP {
		rivals = v.streaming
	}
	for _, other := range rivals(host, section) {
		if other != root {
			taken = taken.Or(v.before(other, root, host, section))
		}
	}
	if section == SectionHTTP {
		taken = taken.Or(v.domainTaken(root, host))
	}
	remember(&v.claimed, at, taken)
	return taken
}

// rivals returns the VirtualServices on the mesh that claim a host for a section: for
// TCP those with a wildcard over it as well, as the more specific host is not preferred
// there [4.4].
func (v *View) rivals(host string, section Section) []*VirtualService {
	rivals := dropped(v.Claiming(host), func(c *VirtualService) bool { return !c.Mesh || !c.Has(section) })
	if section != SectionTCP || len(rivals) == 0 {
		return rivals
	}
	for _, wildcard := range v.snapshot.wildcardsInUse(host) {
		if wildcard == "*" {
			continue // none that the mesh allows
		}
		for h := range v.snapshot.linked(claims, wildcard) {
			if wildcard != host && h.route.claimsUnder(wildcard) && h.route.Has(SectionTCP) && !slices.Contains(rivals, h.route) {
				rivals = append(rivals, h.route)
			}
		}
	}
	return rivals
}

// Has reports whether the VirtualService has any route of a section.
func (v *VirtualService) Has(section Section) bool {
	return slices.ContainsFunc(v.Routes, func(r *Route) bool { return r.Section == section })
}

// before returns the namespaces whose sidecars take a section of one
// VirtualService rather than that of another for a host that both claim. Only what is
// certain counts: that the first has a route for them whatever their labels, on
// whatever port of the host. Of two files without ages it is not known which comes first.
func (v *View) before(first, second *VirtualService, host string, section Section) Namespaces {
	surviving := v.surviving(first, host, section, false)
	return v.ahead(surviving, first, second, func(before, known bool) bool { return before && known })
}

// ahead is before for those who have a route of the first, and for what counts as coming
// first.
func (v *View) ahead(surviving Namespaces, first, second *VirtualService, counts func(before, known bool) bool) Namespaces {
	if surviving.IsEmpty() {
		return Namespaces{}
	}
	names := slices.Concat(surviving.Named(), first.Seen.Named(), second.Seen.Named(), v.sources(second), []string{first.By.Namespace, second.By.Namespace})
	return where(names, func(client string) bool {
		return surviving.Has(client) && second.Seen.Has(client) && counts(first.precedes(second, client)) &&
			v.importsWith(second, first, client)
	})
}

// sources are the namespaces for which matches of a VirtualService are, and of its
// delegates.
func (v *View) sources(root *VirtualService) []string {
	var names []string
	for _, d := range v.expanded(root) {
		for _, m := range d.Matches {
			if m.SourceNamespace != "" {
				names = append(names, m.SourceNamespace)
			}
		}
	}
	return names
}

// surviving returns the namespaces whose sidecars have a route of a VirtualService
// that keeps them from every later one for a host: any HTTP route, or a TCP route that
// takes every address, on each port of the host that the section acts on. Where labeled is
// true it is enough that those workloads have it that its sourceLabels pick.
func (v *View) surviving(root *VirtualService, host string, section Section, labeled bool) Namespaces {
	var surviving Namespaces
	onPort := map[uint32]Namespaces{}
	for _, d := range v.expanded(root) {
		if d.Route.Section != section {
			continue
		}
		if len(d.Matches) == 0 {
			return root.Seen
		}
		for _, m := range d.Matches {
			if m.labeled(section) && !labeled || section != SectionHTTP && !m.CatchAll(section) {
				continue
			}
			given := m.given(section, Reach{Sidecars: root.Seen}).Sidecars
			if m.Port == 0 || v.onlyPortOf(root, host, section, m.Port) {
				surviving = surviving.Or(given)
			} else {
				onPort[m.Port] = onPort[m.Port].Or(given)
			}
		}
	}
	if len(onPort) == 0 {
		return surviving
	}
	return surviving.Or(v.onEachPort(v.Host(host), section, onPort))
}

// onEachPort returns the namespaces for which something is so on each port of a host
// that a section acts on, as far as these ports are known.
func (v *View) onEachPort(host *Host, section Section, on map[uint32]Namespaces) Namespaces {
	names := slices.Clone(host.apart())
	for _, namespaces := range on {
		names = append(names, namespaces.Named()...)
	}
	return where(names, func(client string) bool {
		ports := host.calledOn(section, client)
		return len(ports) > 0 && !slices.ContainsFunc(ports, func(port uint32) bool { return !on[port].Has(client) })
	})
}
