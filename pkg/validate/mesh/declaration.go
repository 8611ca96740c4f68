package mesh

import (
	"maps"
	"slices"
	"strings"
)

// Declaration is one entry of the service registry: a host that exists.
type Declaration struct {
	By      *Object
	Host    string
	Visible Namespaces
	// Alias is the host that an ExternalName Service stands for [1.9].
	Alias string
	Ports []Port
	// ByEndpoint is true where a cluster exists whether or not it has endpoints;
	// false where a subset without endpoints has no cluster at all [5].
	ByEndpoint bool
	// Endpoints are the labels of all its endpoints; nil where they are not known.
	Endpoints []map[string]string
	// Bare is true where the only endpoint is the host itself, without labels [6.3].
	Bare bool
	// Dynamic is true for hosts whose subsets istiod ignores [3.7].
	Dynamic bool

	mergeable string
}

// Port returns the port of that number, and whether traffic can be sent to it.
func (d *Declaration) Port(number uint32) (Port, bool) {
	for _, p := range d.Ports {
		if p.Number == number && p.Protocol != ProtocolUDP {
			return p, true
		}
	}
	return Port{}, false
}

// Mergeable reports whether istiod makes one service of two declarations of a
// host in one namespace: two ServiceEntries that differ in their ports alone [1.10].
func (d *Declaration) Mergeable(o *Declaration) bool {
	return d.By.Namespace == o.By.Namespace && d.By.Kind == KindServiceEntry && o.By.Kind == KindServiceEntry && d.mergeable == o.mergeable
}

// Fills reports whether a subset with these labels has a cluster [5, 6.3]. The
// labels that istiod itself puts on endpoints may match any.
func (s Service) Fills(labels map[string]string) bool {
	if s.Dynamic {
		return false
	}
	if s.ByEndpoint || s.endpoints == nil {
		return true
	}
	wanted := maps.Clone(labels)
	maps.DeleteFunc(wanted, func(key, _ string) bool { return injectedLabel(key) })
	return slices.ContainsFunc(s.endpoints, func(endpoint map[string]string) bool { return picked(wanted, endpoint) })
}

// injectedLabel reports whether istiod puts a label on endpoints [6.3].
func injectedLabel(key string) bool {
	return strings.HasPrefix(key, "topology.kubernetes.io/") || strings.HasPrefix(key, "topology.istio.io/") || key == "kubernetes.io/hostname"
}

// picked reports whether a selector picks what has these labels.
func picked(selector, labels map[string]string) bool {
	for key, value := range selector {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// Service is what clients of a namespace are given for a host: a declaration, and
// the ports and endpoints of those that istiod merges into it.
type Service struct {
	*Declaration

	ports     []Port
	endpoints []map[string]string // nil where they are not known
}

func serviceOf(d *Declaration) Service { return Service{d, d.Ports, d.Endpoints} }

// with returns the service with a declaration merged into it.
func (s Service) with(d *Declaration) Service {
	s.ports = slices.Concat(s.ports, d.Ports)
	return s.shared(d)
}

// shared returns the service with the endpoints of another declaration of its namespace,
// which istiod keeps by host and namespace. Of endpoints that one of the two does not tell
// nothing is known.
func (s Service) shared(d *Declaration) Service {
	if s.endpoints == nil || d.Endpoints == nil {
		s.endpoints = nil
	} else {
		s.endpoints = slices.Concat(s.endpoints, d.Endpoints)
	}
	return s
}

// shown reports whether clients of a namespace have a listener for the service: one that
// hides itself from its own namespace has clusters there at most [2.2].
func (s Service) shown(client string) bool { return s.Visible.Has(client) }

// Listens returns the ports that traffic can be sent to; none where nothing is
// said of ports. They must not be changed.
func (s Service) Listens() []Port {
	return dropped(s.ports, func(p Port) bool { return p.Protocol == ProtocolUDP })
}

// Has reports whether traffic can be sent to a port. A declaration that says
// nothing of ports, as only files can hold, has any.
func (s Service) Has(number uint32) bool {
	return len(s.ports) == 0 || slices.ContainsFunc(s.ports, func(p Port) bool { return p.Number == number && p.Protocol != ProtocolUDP })
}

// Services returns the entries of the registry that clients of a namespace may be
// given for the host [1.10]: their own namespace's, else a Kubernetes Service,
// else any that they see. There are several only where stored configuration does
// not tell which one it is. A Service is there for its own namespace even where it
// hides itself from it, as long as that sees no other [2.2].
// They must not be changed.
func (h *Host) Services(client string) []Service {
	if len(h.Declarations) == 1 {
		return h.alone(client)
	}
	services, known := h.services[client]
	if !known {
		if h.services == nil {
			h.services = map[string][]Service{}
		}
		services = slices.Clip(h.servicesFor(client))
		h.services[client] = services
	}
	return services
}

// alone is Services of a host that is declared once, as most are.
func (h *Host) alone(client string) []Service {
	d := h.Declarations[0]
	if d.By.Namespace != client && !d.Visible.Has(client) {
		return nil
	}
	if h.sole == nil {
		h.sole = []Service{serviceOf(d)}
	}
	return h.sole
}

func (h *Host) servicesFor(client string) []Service {
	own := h.declaredIn(client)
	if own != nil && own.shown(client) {
		return []Service{*own}
	}
	var seen []Service
	if own != nil {
		seen = append(seen, *own)
	}
	for _, d := range h.Declarations {
		if !d.Visible.Has(client) {
			continue
		}
		if d.By.Kind == KindService && own == nil {
			return []Service{serviceOf(d)}
		}
		if !slices.ContainsFunc(seen, func(s Service) bool { return s.By.Namespace == d.By.Namespace }) {
			seen = append(seen, *h.declaredIn(d.By.Namespace))
		}
	}
	return seen
}

// Shown returns those of the services that clients of a namespace may be given for the
// host that they have listeners for.
func (h *Host) Shown(client string) []Service {
	return dropped(h.Services(client), func(s Service) bool { return !s.shown(client) })
}

// declaredIn returns what a namespace declares of the host, nil for nothing: its
// Kubernetes Service, else its oldest ServiceEntry with the ports of those that are like
// it, and the endpoints of all [1.10].
func (h *Host) declaredIn(namespace string) *Service {
	var found *Service
	for _, d := range h.Declarations {
		switch {
		case d.By.Namespace != namespace:
		case d.By.Kind == KindService:
			service := serviceOf(d)
			return &service
		case found == nil:
			service := serviceOf(d)
			found = &service
		case found.Mergeable(d):
			*found = found.with(d)
		default:
			*found = found.shared(d)
		}
	}
	return found
}
