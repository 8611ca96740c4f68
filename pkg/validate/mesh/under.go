package mesh

import "slices"

// servedUnder returns the namespaces whose sidecars have a listener for the HTTP routes
// of a VirtualService for a wildcard: one of a service that it covers and for which no
// other VirtualService names a more specific host, whether that has a route or not; or
// the one on port 80 that names which are no service have, where no service that the wildcard
// covers, nor one for itself or a wider wildcard, has that port [4.3, 8.1]. What is not known,
// or too much to look at, is assumed.
func (v *View) servedUnder(root *VirtualService, wildcard string) Namespaces {
	hosts, every := v.DeclaredHosts(wildcard)
	if !every || len(hosts) == 0 || !v.snapshot.cfg.Complete {
		return AllNamespaces()
	}
	return where(v.toldUnder(root, wildcard, hosts), func(client string) bool {
		acted := func(s Service) bool { return v.actedUnder(s, client) }
		return slices.ContainsFunc(hosts, func(name string) bool {
			return slices.ContainsFunc(v.Host(name).Services(client), acted) && !v.outranked(root, wildcard, name, client) && !v.domainTaken(root, name).Has(client)
		}) || v.standsIn(wildcard, hosts, using{nil, client})
	})
}

// standsIn reports whether a wildcard over some declared hosts is as a name that is no service
// to clients: whether all services under and over it that they import let it [4.3, 8.1].
func (v *View) standsIn(wildcard string, hosts []string, u using) bool {
	return !slices.ContainsFunc(append(v.snapshot.widerInUse(wildcard), hosts...), func(name string) bool {
		return slices.ContainsFunc(v.Host(name).Services(u.client), func(s Service) bool {
			return !s.letsStandIn(wildcard, u.client) && (u.Sidecar == nil || u.importsService(s, u.client))
		})
	})
}

// toldUnder returns the namespaces that anything names on which it rests who has a listener
// for a wildcard that covers some declared hosts.
func (v *View) toldUnder(root *VirtualService, wildcard string, hosts []string) []string {
	names := []string{root.By.Namespace}
	told := func(by *VirtualService) { names = append(append(names, by.Seen.Named()...), by.By.Namespace) }
	for _, other := range v.Claiming(wildcard) {
		if other.Mesh {
			told(other)
		}
	}
	for _, name := range hosts {
		names = v.Host(name).listeningFor(names)
		for _, other := range v.narrower(wildcard, name) {
			told(other)
		}
	}
	for _, wider := range v.snapshot.widerInUse(wildcard) {
		names = v.Host(wider).listeningFor(names)
	}
	return names
}

// letsStandIn reports whether a service under or over a wildcard lets it be as a name that is
// no service to clients of a namespace: on port 80, which one that they see does not have,
// an ExternalName without ports being none there, and the wildcard itself does if it is hidden
// from them [1.9, 2.2, 8.1].
func (s Service) letsStandIn(wildcard, client string) bool {
	has := s.Has(standIn) && (s.Alias == "" || !s.Portless())
	if s.shown(client) {
		return s.Host != wildcard && !has
	}
	return s.Host != wildcard || has
}

// actedUnder is acted for a service that a wildcard covers: of an ExternalName without ports
// nothing is handed out then.
func (v *View) actedUnder(s Service, client string) bool {
	return s.shown(client) && v.acted(s, client) && (s.Alias == "" || !s.Portless())
}

// outranked reports whether clients of a namespace that are given a VirtualService for a
// wildcard are given another one as well that has a service before it, whatever Sidecars
// they use.
func (v *View) outranked(root *VirtualService, wildcard, host, client string) bool {
	return !slices.ContainsFunc(v.uses(workloads{namespace: client}), func(sidecar *Sidecar) bool {
		return (sidecar == nil || sidecar.imports(root, client)) && !v.outrankedBy(sidecar, root, wildcard, host, client)
	})
}

// outrankedBy is outranked for clients that use a Sidecar, or none: by a VirtualService for
// a more specific host, or by one for the same before it that has no HTTP route, which has
// the service all the same. One that is not stored is asked about as if nobody else claimed
// the wildcard.
func (v *View) outrankedBy(sidecar *Sidecar, root *VirtualService, wildcard, host, client string) bool {
	gives := func(other *VirtualService) bool {
		return other != root && other.Seen.Has(client) && (sidecar == nil || sidecar.imports(other, client))
	}
	if slices.ContainsFunc(v.narrower(wildcard, host), gives) {
		return true
	}
	claiming := v.Claiming(wildcard)
	return slices.Contains(claiming, root) && slices.ContainsFunc(claiming, func(other *VirtualService) bool {
		before, known := other.precedes(root, client)
		return other.Mesh && !other.Has(SectionHTTP) && before && known && gives(other)
	})
}

// outrankedForAll reports whether all clients that are given a VirtualService for a wildcard
// are given another one for a more specific host over a service.
func (v *View) outrankedForAll(root *VirtualService, wildcard, host string) bool {
	names := append(root.Seen.Named(), root.By.Namespace)
	for _, other := range v.narrower(wildcard, host) {
		names = append(append(names, other.Seen.Named()...), other.By.Namespace)
	}
	outranked := where(names, func(client string) bool { return v.outranked(root, wildcard, host, client) })
	return root.Seen.Minus(outranked).IsEmpty()
}

// narrower returns the VirtualServices on the mesh for a host, or for a wildcard over it
// that is more specific than another one.
func (v *View) narrower(wildcard, host string) []*VirtualService {
	var all []*VirtualService
	for _, name := range append(v.snapshot.widerInUse(host), host) {
		if len(name) <= len(wildcard) || name == wildcard {
			continue
		}
		for h := range v.snapshot.linked(claims, name) {
			if h.route.Mesh && !slices.Contains(all, h.route) {
				all = append(all, h.route)
			}
		}
	}
	return all
}
