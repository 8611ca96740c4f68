package mesh

import "slices"

// domainTaken returns the namespaces whose sidecars have a name that a VirtualService
// claims among the domains of a service that another VirtualService serves before it: of
// two virtual hosts with one domain istiod keeps the first [1.9, 4.3]. Some VirtualServices
// may be left out.
func (v *View) domainTaken(root *VirtualService, name string, but ...*VirtualService) Namespaces {
	var taken Namespaces
	for _, service := range v.goesBy(name) {
		listening := v.answersAs(v.Host(service), v.Host(name))
		if listening.IsEmpty() {
			continue
		}
		for _, other := range v.rivals(service, SectionHTTP) {
			if other != root && !slices.Contains(but, other) {
				taken = taken.Or(v.before(other, root, service, SectionHTTP).And(listening))
			}
		}
		taken = taken.Or(v.domainTakenUnder(root, service, but).And(listening))
	}
	return taken
}

// domainTakenUnder is domainTaken for those that serve the service by a wildcard over it:
// to nobody who may be given another VirtualService for a more specific host [4.3]. Of a
// wildcard over too much to be looked at nothing is claimed.
func (v *View) domainTakenUnder(root *VirtualService, service string, but []*VirtualService) Namespaces {
	var taken Namespaces
	for _, wildcard := range v.snapshot.widerInUse(service) {
		if _, every := v.DeclaredHosts(wildcard); !every {
			continue
		}
		for h := range v.snapshot.linked(claims, wildcard) {
			other := h.route
			if other == root || slices.Contains(but, other) || !other.Mesh || !other.Has(SectionHTTP) {
				continue
			}
			narrower := v.narrower(wildcard, service)
			names := other.Seen.Named()
			for _, n := range narrower {
				names = append(names, n.Seen.Named()...)
			}
			most := where(names, func(client string) bool {
				return !slices.ContainsFunc(narrower, func(n *VirtualService) bool { return n != other && n.Seen.Has(client) })
			})
			taken = taken.Or(v.before(other, root, service, SectionHTTP).And(most))
		}
	}
	return taken
}

// answersAs returns the namespaces whose sidecars have listeners for a service wherever they
// have routes for another name of it: on the ports of both, and where the name is an
// ExternalName with port 80 or without any, or none at all, on port 80.
func (v *View) answersAs(service, name *Host) Namespaces {
	standsIn := name.standsIn()
	var space [8]string
	return where(service.declaredFor(space[:0]), func(client string) bool {
		services := service.withRivals(service.Services(client))
		return len(services) > 0 && !slices.ContainsFunc(services, func(s Service) bool {
			return s.Alias != "" || !s.shown(client) || standsIn && !s.servesOn(SectionHTTP, standIn)
		})
	})
}

// standsIn reports whether any HTTP route for a name that a service goes by is used on
// port 80.
func (h *Host) standsIn() bool {
	declared := false
	for _, d := range h.Declarations {
		s := serviceOf(d)
		if s.servesOn(SectionHTTP, standIn) {
			return true
		}
		declared = declared || s.serves(SectionHTTP)
	}
	return !declared
}

// goesBy returns the services that have a name among the domains of their virtual hosts
// although it is not their host: that which the name spells without its end, and that
// which it is an ExternalName for.
func (v *View) goesBy(name string) []string {
	host := v.Host(name)
	if host.Declared() || v.snapshot.cfg.Knows(name) {
		return host.standsFor()
	}
	full, spelled := Completed(name, v.snapshot.cfg.Domain)
	if !spelled {
		return nil
	}
	return append(v.Host(full).standsFor(), full)
}

// standsFor is the host that an ExternalName stands for, where nothing else declares it.
func (h *Host) standsFor() []string {
	if !h.OnlyAlias() || len(h.Declarations) > 1 {
		return nil
	}
	return []string{h.Declarations[0].Alias}
}
