package mesh

import "slices"

// onlyPort returns those of a reach for whom a section of a VirtualService is for traffic
// on one port only: sidecars, where all its services have no other, and names that are none
// are called on 80; and gateways, where all servers that admit it have that one.
func (v *View) onlyPort(root *VirtualService, section Section, port uint32, reach Reach) Reach {
	if slices.ContainsFunc(root.Hosts, func(name string) bool { return !v.onlyPortOf(root, name, section, port) }) {
		reach.Sidecars = Namespaces{}
	}
	reach.Gateways = dropped(reach.Gateways, func(g GatewayPods) bool {
		gateway := v.Gateway(g.Gateway)
		return gateway == nil || slices.ContainsFunc(gateway.Servers, func(s *Server) bool {
			return s.Section() == section && s.Port != port && s.AdmitsAny(root)
		})
	})
	return reach
}

// onlyPortOf reports whether all that declare a host of a VirtualService have no other port
// on which sidecars act on a section for it.
func (v *View) onlyPortOf(root *VirtualService, name string, section Section, port uint32) bool {
	host := v.Host(name)
	switch {
	case IsWildcard(name):
		return v.onlyPortUnder(root, name, section, port)
	case !host.Declared():
		return section == SectionHTTP && port == standIn && v.snapshot.cfg.Complete
	default:
		return host.soleListener(section, port)
	}
}

// onlyPortUnder is onlyPortOf for a wildcard, where all is known that it covers.
func (v *View) onlyPortUnder(root *VirtualService, wildcard string, section Section, port uint32) bool {
	hosts, every := v.DeclaredHosts(wildcard)
	if !every || !v.snapshot.cfg.Complete || v.snapshot.cfg.Knows(wildcard) || section == SectionHTTP && port != standIn {
		return false
	}
	return !slices.ContainsFunc(hosts, func(under string) bool {
		return !v.Host(under).soleListener(section, port) && (section != SectionHTTP || !v.outrankedForAll(root, wildcard, under))
	})
}

// soleListener reports whether nothing that declares the host has another port on which
// sidecars act on a section.
func (h *Host) soleListener(section Section, port uint32) bool {
	return !slices.ContainsFunc(h.Declarations, func(d *Declaration) bool {
		if len(d.Ports) == 0 { // an ExternalName without any is called on port 80 [1.9]
			return d.Alias == "" || port != standIn
		}
		return slices.ContainsFunc(d.Ports, func(p Port) bool {
			return p.Number != port && (d.Alias != "" || p.Protocol.serves(section))
		})
	})
}
