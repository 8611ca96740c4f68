package mesh

import "slices"

// domainTaken returns the namespaces whose sidecars have a name that a VirtualService
// claims among the domains of a service that another VirtualService serves before it: of
// two virtual hosts with one domain istiod keeps the first [1.9, 8.3].
func (v *View) domainTaken(root *VirtualService, name string) Namespaces {
	var taken Namespaces
	for _, service := range v.goesBy(name) {
		host := v.Host(service)
		listening := where(host.declaredFor(), func(client string) bool {
			services := host.withRivals(host.Services(client))
			return len(services) > 0 && !slices.ContainsFunc(services, func(s Service) bool {
				return s.Alias != "" || !s.shown(client) || !s.servesOn(SectionHTTP, standIn)
			})
		})
		if listening.IsEmpty() {
			continue
		}
		for _, other := range v.rivals(service, SectionHTTP) {
			if other != root {
				taken = taken.Or(v.before(other, root, service, SectionHTTP).And(listening))
			}
		}
	}
	return taken
}

// goesBy returns the services that have a name among the domains of their virtual hosts
// although it is not their host: that which the name spells without its end, and that
// which it is an ExternalName for.
func (v *View) goesBy(name string) []string {
	host := v.Host(name)
	if host.OnlyAlias() {
		if len(host.Declarations) > 1 {
			return nil
		}
		return []string{host.Declarations[0].Alias}
	}
	full, spelled := Completed(name, v.snapshot.cfg.Domain)
	if !spelled || host.Declared() || v.snapshot.cfg.Knows(name) {
		return nil
	}
	return []string{full}
}

// goingBy touches the routes of the VirtualServices that claim a service by another of the
// domains that its virtual host has.
func (t *touch) goingBy(service string) {
	for _, name := range PartlyQualified(service, t.snapshot.cfg.Domain) {
		t.claiming(name)
	}
	for h := range t.snapshot.linked(standsFor, service) {
		for alias := range h.hosts() {
			t.claiming(alias)
		}
	}
}
