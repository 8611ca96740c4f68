package mesh

import "slices"

// streams reports whether the VirtualService routes connections, by TLS or TCP.
func (v *VirtualService) streams() bool { return v.Has(SectionTLS) || v.Has(SectionTCP) }

// listened are the declared hosts whose listeners a host of a VirtualService acts on.
type listened struct {
	hosts []string
	all   bool
}

// listened returns the declared hosts that have any name in common with a host of a
// VirtualService: TLS and TCP routes are for all of these, however specific [4.4]. There
// may be too many to look at.
func (v *View) listened(name string) listened {
	found, known := v.listeners[name]
	if known {
		return found
	}
	found.all = true
	if IsWildcard(name) {
		found.hosts, found.all = v.DeclaredHosts(name)
	} else if v.Host(name).Declared() {
		found.hosts = []string{name}
	}
	for _, wildcard := range v.snapshot.wildcardsInUse(name) {
		if wildcard != name && v.Host(wildcard).Declared() {
			found.hosts = append(found.hosts, wildcard)
		}
	}
	remember(&v.listeners, name, found)
	return found
}

// streamed returns the namespaces whose sidecars have a listener that TLS or TCP routes
// for a host act on, on a port or with 0 on any, as far as that is known. Of what may be
// declared elsewhere, and under a wildcard over too much, it is assumed.
func (v *View) streamed(name string, section Section, port uint32) Namespaces {
	listened := v.listened(name)
	assumed := !v.snapshot.cfg.Complete && (IsWildcard(name) || len(listened.hosts) == 0)
	if assumed || !listened.all || IsWildcard(name) && v.snapshot.cfg.Knows(name) {
		return AllNamespaces()
	}
	var all Namespaces
	for _, declared := range listened.hosts {
		all = all.Or(v.heard(declared, section, port))
	}
	return all
}

// heard returns the namespaces whose sidecars may have a listener for a declared host that
// a section, TLS or TCP, acts on, on a port or with 0 on any.
func (v *View) heard(declared string, section Section, port uint32) Namespaces {
	host := v.Host(declared)
	var space [8]string
	return where(host.declaredFor(space[:0]), func(client string) bool { return host.streams(client, section, port) })
}

// streams reports whether clients of a namespace may have a listener for the host that
// a section, TLS or TCP, acts on, on a port or with 0 on any.
func (h *Host) streams(client string, section Section, port uint32) bool {
	return slices.ContainsFunc(h.withRivals(h.Services(client)), func(s Service) bool {
		return s.shown(client) && s.serves(section) && (port == 0 || s.servesOn(section, port))
	})
}

// streaming returns the VirtualServices on the mesh with routes of a section, TLS or TCP,
// for a host that is declared: those with the host and those with a wildcard over it.
func (v *View) streaming(host string, section Section) []*VirtualService {
	var all []*VirtualService
	for _, name := range append(v.snapshot.widerInUse(host), host) {
		for h := range v.snapshot.linked(streams, name) {
			if h.route.Has(section) && !slices.Contains(all, h.route) {
				all = append(all, h.route)
			}
		}
	}
	return all
}

// widerInUse returns the wildcards that anything names and that cover a host, without
// itself and "*", which is none that the mesh allows.
func (s *Snapshot) widerInUse(host string) []string {
	return slices.DeleteFunc(s.wildcardsInUse(host), func(w string) bool { return w == host || w == "*" })
}
