package mesh

// Names returns the names by which routes lead to the host: its own, and those of
// the ExternalName Services that stand for it [1.9].
func (h *Host) Names() []string {
	names := []string{h.Name}
	for alias := range h.view.snapshot.linked(standsFor, h.Name) {
		for name := range alias.hosts() {
			names = append(names, name)
		}
	}
	return names
}

// OnlyAlias reports whether all that declares the host stands for another one, so
// that istiod builds nothing for the host itself [1.9].
func (h *Host) OnlyAlias() bool {
	for _, d := range h.Declarations {
		if d.Alias == "" {
			return false
		}
	}
	return h.Declared()
}

// StandsForName reports whether the service stands for a host that stands for another one
// itself: istiod looks one step far, so that there is nothing behind it [1.9].
func (v *View) StandsForName(s Service) bool {
	return s.Alias != "" && v.Host(s.Alias).OnlyAlias()
}

// RoutingTo returns the VirtualServices that have a host among their destinations
// and mirrors, whoever is given them, by name.
func (v *View) RoutingTo(host string) []*VirtualService {
	var routing []*VirtualService
	for h := range v.snapshot.linked(routesTo, host) {
		routing = append(routing, h.route)
	}
	return routing
}
