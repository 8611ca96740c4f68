package mesh

import (
	"slices"
)

// Candidates returns the services that a client may be given for the host: those
// of Services, and where stored configuration does not settle which of several
// ServiceEntries counts, the others as well [1.10, 7.4]. Gateways may be given any
// declaration, as long as they see one.
func (h *Host) Candidates(c Client) []Service {
	if c.Gateway == "" {
		return h.withRivals(h.Services(c.namespace))
	}
	sees := func(pods string) bool {
		return slices.ContainsFunc(h.Declarations, func(d *Declaration) bool { return d.Visible.Has(pods) })
	}
	if !slices.ContainsFunc(c.pods, sees) {
		return nil
	}
	var all []Service
	for _, d := range h.Declarations {
		first := *h.declaredIn(d.By.Namespace)
		if all = append(all, first); d != first.Declaration && !first.Mergeable(d) {
			all = append(all, serviceOf(d)) // they may not see the first
		}
	}
	return h.withRivals(all)
}

// withRivals adds the ServiceEntries that are stored beside one of the services,
// do not merge with it, and are not known to be younger.
func (h *Host) withRivals(services []Service) []Service {
	if len(h.Declarations) < 2 {
		return services
	}
	for _, s := range slices.Clone(services) {
		for _, d := range h.Declarations {
			rival := d != s.Declaration && d.By.Namespace == s.By.Namespace && s.By.Kind == KindServiceEntry && d.By.Kind == KindServiceEntry
			if rival && !s.Mergeable(d) && s.By.Created.Unix() == d.By.Created.Unix() {
				services = append(services, serviceOf(d))
			}
		}
	}
	return services
}

// Only returns the single port of a service that has just one, which istiod takes
// for a destination that names none [6.1].
func (s Service) Only() (port uint32, ok bool) {
	if len(s.ports) != 1 {
		return 0, false
	}
	return s.ports[0].Number, true
}

// Sent is the traffic of one route to one port.
type Sent struct {
	To      *Target
	By      Client
	Service Service
	// On is the port at which it comes in: of a service at sidecars, of a server at
	// gateways.
	On uint32
}

// Port returns the port that a destination which names none is sent to [6.1].
// Sidecars have for HTTP only those services at hand that listen on the port that
// was called, so there a single port is not inferred.
func (s *Sent) Port() uint32 {
	if s.By.Gateway == "" && s.To.Section() == SectionHTTP {
		return s.On
	}
	if only, ok := s.Service.Only(); ok {
		return only
	}
	return s.On
}

// Arrives reports whether there is a cluster for what is sent to the port that
// istiod infers.
func (s *Sent) Arrives(host *Host) bool {
	sidecarHTTP := s.By.Gateway == "" && s.To.Section() == SectionHTTP
	if sidecarHTTP && s.Service.Alias != "" && (s.Service.Portless() || !s.Service.Has(s.On)) {
		return false // the name is not looked through [1.9]
	}
	return host.Takes(s.Service, s.By, s.Port())
}

// Portless reports whether the service declares no port at all.
func (s Service) Portless() bool { return len(s.ports) == 0 }

// Takes reports whether a cluster exists for a port of the host, when a client is
// given that service for it. For an ExternalName the ports are those of what it
// stands for, one hop only [1.9]; where nothing declares that, it is not the port
// that is wrong.
func (h *Host) Takes(service Service, c Client, port uint32) bool {
	if service.Alias == "" {
		return service.Has(port)
	}
	target := h.view.Host(service.Alias)
	if !target.Declared() || target.isAlias() {
		return true
	}
	candidates := target.Candidates(c)
	return len(candidates) == 0 || slices.ContainsFunc(candidates, func(s Service) bool { return s.Has(port) })
}

// IsUDP reports whether the service has a port for UDP and nothing else.
func (s Service) IsUDP(number uint32) bool {
	return !s.Has(number) && slices.ContainsFunc(s.ports, func(p Port) bool { return p.Number == number })
}
