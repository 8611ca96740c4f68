package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Sidecar is what a Sidecar says about what its workloads import [2.7, 2.8].
type Sidecar struct {
	By *Object
	// Selects are the labels of the workloads of its namespace that it is for; none for all.
	Selects map[string]string

	// egress is by listener, as "namespace/host"; none for everything. What a listener with
	// a port imports is for that port alone, and not looked at.
	egress [][]string
	// ports are those that have such a listener. No other is for them.
	ports []uint32
}

type sidecarSpec struct {
	selects map[string]string
	egress  [][]string
	ports   []uint32
}

func newSidecar(spec *networking.Sidecar) *sidecarSpec {
	said := &sidecarSpec{selects: spec.GetWorkloadSelector().GetLabels()}
	for _, listener := range spec.GetEgress() {
		if listener.GetPort() == nil {
			said.egress = append(said.egress, listener.GetHosts())
		} else {
			said.egress = append(said.egress, nil)
			said.ports = append(said.ports, listener.GetPort().GetNumber())
		}
	}
	return said
}

func (s *sidecarSpec) assert(by *Object, _ *Config, to *facts) {
	to.sidecar = &Sidecar{By: by, Selects: s.selects, egress: s.egress, ports: s.ports}
}

// imports reports whether clients of a namespace that use the Sidecar are given
// a VirtualService [2.8]: by the namespace that it is stored in, and any of its hosts as
// it is written.
func (s *Sidecar) imports(v *VirtualService, client string) bool {
	return s.admits(v.By.Namespace, client, func(host string) bool {
		return slices.ContainsFunc(v.written, func(claimed string) bool {
			_, overlap := Overlap(host, claimed)
			return overlap
		})
	})
}

// importsService reports whether clients of a namespace that use the Sidecar have the
// listeners of a service [2.8]. Those that are imported for a destination alone have
// clusters and no listeners.
func (s *Sidecar) importsService(service Service, client string) bool {
	return s.admits(service.By.Namespace, client, func(host string) bool { return Covers(host, service.Host) })
}

// admits reports whether any listener of the Sidecar is for what is stored in a namespace
// and has a host that counts, and does not take it out again.
func (s *Sidecar) admits(namespace, client string, counts func(host string) bool) bool {
	return len(s.egress) == 0 || slices.ContainsFunc(s.egress, func(listener []string) bool {
		admitted := false
		for _, entry := range listener {
			from, host, _ := strings.Cut(entry, "/")
			from, excluded := strings.CutPrefix(from, "~")
			if excluded && from == "" {
				from = "*"
			}
			if !namespaceMatches(from, namespace, client) || !counts(host) {
				continue
			}
			if excluded {
				return false
			}
			admitted = true
		}
		return admitted
	})
}

func namespaceMatches(pattern, namespace, client string) bool {
	return pattern == "*" || pattern == namespace || pattern == "." && namespace == client
}

// sidecars returns the Sidecars that workloads may use, and whether each of them uses one
// [2.7]: the oldest of their namespace that is for them, and the mesh's default where none
// is.
func (v *View) sidecars(of workloads) (found []*Sidecar, all bool) {
	namespace := of.namespace
	for _, sidecar := range v.sidecarsIn(namespace) {
		if len(sidecar.Selects) > 0 && of.mayHave(sidecar.Selects) {
			found = append(found, sidecar)
			all = all || picked(sidecar.Selects, of.labels)
		}
	}
	found = dropped(found, func(younger *Sidecar) bool {
		return slices.ContainsFunc(found, func(o *Sidecar) bool {
			older, known := o.By.Older(younger.By)
			return older && known && picked(o.Selects, younger.Selects)
		})
	})
	if all {
		return found, true
	}
	byDefault := v.defaultSidecars(namespace)
	if root := v.snapshot.cfg.RootNamespace; len(byDefault) == 0 && namespace != root {
		byDefault = v.defaultSidecars(root)
	}
	return append(found, byDefault...), len(byDefault) > 0
}

// uses returns the Sidecars that workloads may use, nil for those that may use none.
func (v *View) uses(of workloads) []*Sidecar {
	found, all := v.sidecars(of)
	if !all {
		found = append(found, nil)
	}
	return found
}

// defaultSidecars returns the Sidecar of a namespace that is for all workloads: the
// oldest, and where ages are not known, those that may be the oldest.
func (v *View) defaultSidecars(namespace string) []*Sidecar {
	var all []*Sidecar
	for _, sidecar := range v.sidecarsIn(namespace) {
		if len(sidecar.Selects) == 0 {
			all = append(all, sidecar)
		}
	}
	return dropped(all, func(younger *Sidecar) bool {
		return slices.ContainsFunc(all, func(o *Sidecar) bool {
			older, known := o.By.Older(younger.By)
			return older && known
		})
	})
}

// gives reports whether any sidecar of some workloads is given a section of a
// VirtualService, on a port or with 0 on any, as far as Sidecars and others who claim its
// hosts decide it.
func (v *View) gives(root *VirtualService, section Section, port uint32, to workloads) bool {
	hosts := root.Hosts
	if section == SectionHTTP {
		hosts = dropped(hosts, func(name string) bool { return v.taken(root, name, section).Has(to.namespace) })
	}
	return v.givesFor(hosts, root, section, port, to)
}

// givesFor reports whether any sidecar of some workloads is given a section of a
// VirtualService for any of some of its hosts, on a port or with 0 on any, as far as Sidecars
// decide it.
func (v *View) givesFor(hosts []string, root *VirtualService, section Section, port uint32, to workloads) bool {
	return slices.ContainsFunc(v.uses(to), func(sidecar *Sidecar) bool {
		return sidecar == nil || sidecar.imports(root, to.namespace) && slices.ContainsFunc(hosts, func(name string) bool {
			return v.givesBy(using{sidecar, to.namespace}, name, root, section, port)
		})
	})
}

// using are the clients of a namespace that use a Sidecar.
type using struct {
	*Sidecar

	client string
}

// givesBy reports whether clients that import a VirtualService are given a section of it for
// one of its hosts, on a port or with 0 on any: they have to have a listener that the section
// acts on as well [4.3, 4.4].
func (v *View) givesBy(u using, name string, root *VirtualService, section Section, port uint32) bool {
	if section == SectionHTTP {
		return v.answersBy(u, name, root, port)
	}
	return v.listensBy(u, name, section, port)
}

// answersBy reports whether clients may have a listener for a host that the HTTP routes of a
// VirtualService act on: that of its service, or the one on port 80 where that is a port of
// it [4.3, 8.1].
func (v *View) answersBy(u using, name string, root *VirtualService, port uint32) bool {
	standsIn := u.leaves(standIn) && on(port, standIn)
	if IsWildcard(name) {
		return v.answersUnder(u, name, root, port)
	}
	host := v.Host(name)
	services := host.withRivals(host.Services(u.client))
	if len(services) == 0 {
		return standsIn
	}
	return slices.ContainsFunc(services, func(s Service) bool {
		if s.Alias != "" { // it has the listeners of others
			return s.Portless() && standsIn || u.has(s, port)
		}
		return s.Has(standIn) && standsIn || u.opens(s, port)
	})
}

// answersUnder is answersBy for a wildcard: by the services under it for which no other
// VirtualService is more specific, or on port 80 where none that is imported has that. What is
// not known, or too much to look at, is assumed.
func (v *View) answersUnder(u using, wildcard string, root *VirtualService, port uint32) bool {
	hosts, every := v.DeclaredHosts(wildcard)
	if !every || !v.snapshot.cfg.Complete || v.snapshot.cfg.Knows(wildcard) {
		return true
	}
	opens := func(s Service) bool { return u.opens(s, port) }
	if u.leaves(standIn) && on(port, standIn) && v.standsIn(wildcard, hosts, u) {
		return true
	}
	return slices.ContainsFunc(hosts, func(name string) bool {
		return slices.ContainsFunc(v.Host(name).Services(u.client), opens) && !v.outrankedBy(u.Sidecar, root, wildcard, name, u.client)
	})
}

// opens reports whether clients have a listener for HTTP to a service, on a port or with 0 on
// any, that no listener of their Sidecar has to itself.
func (u using) opens(service Service, port uint32) bool {
	return u.importsService(service, u.client) && (service.Portless() || u.has(service, port))
}

// has reports whether a service has a port of HTTP, that or with 0 any, which no listener of
// the Sidecar has to itself.
func (u using) has(service Service, port uint32) bool {
	return slices.ContainsFunc(service.Listens(), func(p Port) bool {
		return u.leaves(p.Number) && on(port, p.Number) && p.Protocol.serves(SectionHTTP)
	})
}

// leaves reports whether no listener of the Sidecar takes a port for itself.
func (s *Sidecar) leaves(port uint32) bool { return !slices.Contains(s.ports, port) }

// on reports whether a port is the one that is asked for, which is any with 0.
func on(asked, port uint32) bool { return asked == 0 || asked == port }

// listensBy reports whether clients may have a listener for a host that a section, TLS or
// TCP, acts on, on a port or with 0 on any.
func (v *View) listensBy(u using, name string, section Section, port uint32) bool {
	listened := v.listened(name)
	if !listened.all || !v.snapshot.cfg.Complete && len(listened.hosts) == 0 {
		return true
	}
	return slices.ContainsFunc(listened.hosts, func(declared string) bool {
		host := v.Host(declared)
		return slices.ContainsFunc(host.withRivals(host.Services(u.client)), func(s Service) bool {
			return s.serves(section) && (port == 0 || s.servesOn(section, port)) && u.importsService(s, u.client)
		})
	})
}

// importsWith reports whether every sidecar of a namespace that is given one
// VirtualService is given another as well, as far as Sidecars decide it.
func (v *View) importsWith(one, other *VirtualService, client string) bool {
	sidecars, _ := v.sidecars(workloads{namespace: client})
	return !slices.ContainsFunc(sidecars, func(sidecar *Sidecar) bool {
		return sidecar.imports(one, client) && !sidecar.imports(other, client)
	})
}

// sidecarsIn returns the Sidecars of a namespace that istiod reads, in order.
func (v *View) sidecarsIn(namespace string) []*Sidecar {
	if namespace == "" {
		return nil
	}
	all, known := v.scopes[namespace]
	if known {
		return all
	}
	for h := range v.snapshot.stored(KindSidecar, namespace) {
		if h.sidecar != nil {
			all = append(all, h.sidecar)
		}
	}
	remember(&v.scopes, namespace, all)
	return all
}
