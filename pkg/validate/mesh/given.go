package mesh

import "slices"

// Given returns the viewpoints that are given a route, told apart by the
// VirtualService alone: for rules that judge it, and no host that it routes to.
func (v *View) Given(d *Delivery) Viewpoints {
	given := v.importing(d.Root, d.Reach.Sidecars, func(to workloads) bool { return v.gives(d.Root, d.Route.Section, 0, to) })
	for _, g := range d.Reach.Gateways {
		given.Set(Viewpoint{Gateway: g.Gateway}, true)
	}
	return given
}

// Importing returns the viewpoints of the sidecars of some namespaces, without
// those whose Sidecars do not import the VirtualService, or have no listener for any of
// its hosts [2.8].
func (v *View) Importing(root *VirtualService, sidecars Namespaces) Viewpoints {
	return v.importing(root, sidecars, func(to workloads) bool { return v.givesFor(root.Hosts, root, SectionHTTP, 0, to) })
}

// ImportingAs is Importing for a host that a VirtualService might have in the place of one
// that it has.
func (v *View) ImportingAs(root *VirtualService, written, host string) Viewpoints {
	as := *root
	as.Hosts, as.written = slices.Clone(root.Hosts), slices.Clone(root.written)
	for i, name := range root.Hosts {
		if name == written {
			as.Hosts[i], as.written[i] = host, host
		}
	}
	return v.importing(&as, v.MeantFor(root), func(to workloads) bool { return v.givesFor([]string{host}, &as, SectionHTTP, 0, to) })
}

// MeantFor returns the namespaces whose sidecars any match of a VirtualService is for.
func (v *View) MeantFor(root *VirtualService) Namespaces {
	var meant Namespaces
	for _, d := range v.expanded(root) {
		if len(d.Matches) == 0 {
			return root.Seen
		}
		for _, m := range d.Matches {
			meant = meant.Or(m.given(d.Route.Section, Reach{Sidecars: root.Seen}).Sidecars)
		}
	}
	return meant
}

// importing are the viewpoints of the sidecars of some namespaces that are given something
// of a VirtualService.
func (v *View) importing(root *VirtualService, sidecars Namespaces, gives func(workloads) bool) Viewpoints {
	var space [8]string
	names := merged(v.owners(append(space[:0], ""), root), sidecars.Named())
	importing := Viewpoints{make([]answer, 0, len(names))}
	for _, name := range names {
		importing.Set(Viewpoint{Namespace: name}, sidecars.Has(name) && gives(workloads{namespace: name}))
	}
	return importing
}

// owners adds, in order, the namespaces that "." may stand for in a Sidecar of the root namespace that
// imports a VirtualService, or a service of one of its hosts [2.8].
func (v *View) owners(names []string, root *VirtualService) []string {
	names = append(names, root.By.Namespace)
	if len(v.defaultSidecars(v.snapshot.cfg.RootNamespace)) == 0 {
		return names
	}
	for _, host := range root.Hosts {
		hosts := []string{host}
		if IsWildcard(host) {
			hosts, _ = v.DeclaredHosts(host)
		}
		for _, declared := range hosts {
			for _, d := range v.Host(declared).Declarations {
				names = append(names, d.By.Namespace)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MatchesAt returns the matches of a route that the proxies of a gateway, or the
// sidecars of a namespace, are given, and whether it is for all of their requests
// because it has no match at all [4.5].
func (d *Delivery) MatchesAt(at Viewpoint) (matches []*Match, unconditional bool) {
	gateway := at.Gateway
	if gateway == "" {
		gateway = meshGateway
	}
	for _, m := range d.Matches {
		named := len(m.Gateways) > 0
		if named && !slices.Contains(m.Gateways, gateway) {
			continue
		}
		sourced := m.SourceNamespace != "" && (d.Route.Section != SectionHTTP || !named)
		if at.Gateway == "" && sourced && m.SourceNamespace != at.Namespace {
			continue
		}
		matches = append(matches, m)
	}
	return matches, len(d.Matches) == 0
}

// CalledOn reports whether the route is for traffic on a port: of a service at
// sidecars, of a server at gateways [4.5].
func (d *Delivery) CalledOn(at Viewpoint, port uint32) bool {
	matches, unconditional := d.MatchesAt(at)
	return unconditional || slices.ContainsFunc(matches, func(m *Match) bool { return m.Port == 0 || m.Port == port })
}
