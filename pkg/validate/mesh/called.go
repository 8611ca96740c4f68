package mesh

import (
	"slices"
	"strings"
)

// standIn is the port on which sidecars serve the names that are no service [4.3].
const standIn = 80

// Called is a host as clients call it: on which ports they find it.
type Called struct {
	Host string
	// Ports are those whose traffic a section of a VirtualService acts on. They must not
	// be changed.
	Ports []uint32
	// Assumed is true for a name that no service has: whether anything listens for
	// it depends on other services [4.3].
	Assumed bool
}

// Called returns how clients of a namespace call the hosts of a VirtualService,
// as far as that is known: on the ports that the host's own service declares, and
// where no host has a service that they see, on port 80 [2.2, 8.1]. The hosts that another
// VirtualService takes from it are left out, and those that no Sidecar imports [2.8, 4.3].
func (v *View) Called(root *VirtualService, section Section, client string) []Called {
	var called, assumed []Called
	served := false
	for _, name := range root.Hosts {
		host := v.Host(name)
		switch {
		case IsWildcard(name):
			under := v.calledUnder(root, name, section, client)
			served = served || len(under) > 0
			called = append(called, under...)
		case host.Declared() && !host.standsInFor(client):
			ports := host.calledOn(section, client)
			served = served || len(ports) > 0
			if len(ports) > 0 && v.calls(root, name, section, client) {
				called = append(called, Called{Host: name, Ports: ports})
			}
		case section == SectionHTTP && !v.elsewhere(name):
			assumed = append(assumed, Called{Host: name, Ports: []uint32{standIn}, Assumed: true})
		}
	}
	if served {
		return called
	}
	return assumed
}

// calls reports whether clients of a namespace that call a host may be given a section of a
// VirtualService for it.
func (v *View) calls(root *VirtualService, name string, section Section, client string) bool {
	return !v.taken(root, name, section).Has(client) && v.givesFor([]string{name}, root, section, 0, workloads{namespace: client})
}

// calledUnder returns how clients of a namespace call the hosts that a wildcard of a
// VirtualService covers, as far as that is known, without those for which another
// VirtualService is more specific.
func (v *View) calledUnder(root *VirtualService, wildcard string, section Section, client string) []Called {
	hosts, every := v.DeclaredHosts(wildcard)
	if !every || !v.snapshot.cfg.Complete || v.taken(root, wildcard, section).Has(client) {
		return nil
	}
	var all []Called
	for _, name := range hosts {
		ports := v.Host(name).calledOn(section, client)
		called := slices.ContainsFunc(v.uses(workloads{namespace: client}), func(sidecar *Sidecar) bool {
			given := sidecar == nil || sidecar.imports(root, client) && v.givesBy(using{sidecar, client}, name, root, section, 0)
			return given && (section != SectionHTTP || !v.outrankedBy(sidecar, root, wildcard, name, client))
		})
		if len(ports) == 0 || !called {
			continue
		}
		all = append(all, Called{Host: name, Ports: ports})
	}
	return all
}

// elsewhere reports whether a host that nothing stored declares may have a service
// all the same: one of another cluster, or one that the settings name.
func (v *View) elsewhere(host string) bool {
	if v.Host(host).Declared() {
		return false
	}
	return strings.HasSuffix(host, ".svc."+v.snapshot.cfg.Domain) ||
		v.snapshot.cfg.Knows(host)
}

// calledOn returns the ports of the host that a section acts on, none where it is
// not settled which service clients of the namespace are given, or where that hides
// itself from them [2.2]. They must not be changed.
func (h *Host) calledOn(section Section, client string) []uint32 {
	services := h.Services(client)
	if len(services) != 1 || services[0].Alias != "" || !services[0].shown(client) {
		return nil
	}
	if len(h.Declarations) > 1 {
		return services[0].portsFor(section)
	}
	for i := range h.ports {
		if h.ports[i].section == section {
			return h.ports[i].numbers
		}
	}
	numbers := services[0].portsFor(section)
	h.ports = append(h.ports, portsFor{section, numbers})
	return numbers
}

// portsFor are the ports of a service that a section acts on.
type portsFor struct {
	section Section
	numbers []uint32
}

func (s Service) portsFor(section Section) []uint32 {
	ports := make([]uint32, 0, len(s.ports))
	for _, p := range s.Listens() {
		if p.Protocol.serves(section) {
			ports = append(ports, p.Number)
		}
	}
	return slices.Clip(ports)
}

// standsInFor reports whether clients of a namespace call the host as a name that is no
// service: one that is hidden from them, though it is theirs, and has port 80 [2.2, 8.1].
func (h *Host) standsInFor(client string) bool {
	services := h.Services(client)
	return len(services) == 1 && !services[0].shown(client) && services[0].Has(standIn)
}

// Callers returns the viewpoints that Clients returns, and tells apart those for
// which other services stand behind the hosts of the VirtualService, or behind the
// host that an ExternalName stands for, or for which others have any of the hosts. They
// must not be changed.
func (h *Host) Callers(d *Delivery) []Client {
	asking := d.asking(h)
	if asking.callers == nil {
		asking.callers = slices.Clip(h.callersOf(d))
	}
	return asking.callers
}

func (h *Host) callersOf(d *Delivery) []Client {
	clients := h.Clients(d)
	var space [8]string
	names := space[:0]
	for _, host := range d.Root.Hosts {
		names = h.view.declaredFor(names, host)
		names = append(names, h.view.taken(d.Root, host, d.Route.Section).Named()...)
	}
	names = h.aliasedFor(names)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if slices.ContainsFunc(clients, func(c Client) bool { return c.Gateway == "" && c.Namespace == name }) {
			continue
		}
		reached := d.Reach.Sidecars.Has(name) && h.view.gives(d.Root, d.Route.Section, 0, workloads{namespace: name})
		clients = append(clients, Client{Viewpoint: Viewpoint{Namespace: name}, Reached: reached, namespace: name})
	}
	return clients
}

// declaredFor adds the namespaces that the declarations of a host name, and of a wildcard
// those of all that it covers, unless that is too much.
func (v *View) declaredFor(names []string, host string) []string {
	if !IsWildcard(host) {
		return v.Host(host).declaredFor(names)
	}
	hosts, _ := v.DeclaredHosts(host)
	for _, under := range hosts {
		names = v.Host(under).declaredFor(names)
	}
	return names
}

// listeningFor adds the namespaces that the declarations of the host name, and those of
// what it stands for: whose clients may have other listeners than the rest.
func (h *Host) listeningFor(names []string) []string { return h.aliasedFor(h.declaredFor(names)) }

// aliasedFor adds the namespaces that the declarations of what the host stands for name.
func (h *Host) aliasedFor(names []string) []string {
	for _, d := range h.Declarations {
		if d.Alias != "" {
			names = h.view.Host(d.Alias).declaredFor(names)
		}
	}
	return names
}

// declaredFor adds the namespaces that the declarations of the host name.
func (h *Host) declaredFor(names []string) []string {
	for _, d := range h.Declarations {
		names = append(append(names, d.By.Namespace), d.Visible.Named()...)
	}
	return names
}
