package gen

import (
	"slices"
	"strings"
)

// protocol is what istiod takes the traffic of a port for.
type protocol string

const (
	protocolHTTP protocol = "http" // plain HTTP, gRPC, or found out by istiod
	protocolTCP  protocol = "tcp"
	protocolTLS  protocol = "tls" // TLS that is passed on as it is
	protocolUDP  protocol = "udp"
)

// port is a port of a host.
type port struct {
	number   uint32
	protocol protocol
}

// host is something that routes may name: a Service, or one host of a ServiceEntry.
type host struct {
	name      string // in full
	short     string // the name of the Service, empty for ServiceEntries
	namespace string // of the object that declares it
	ports     []port
	// versions are the labels that its endpoints have; every Service has them all.
	versions []string
	// subsets are those that a DestinationRule defines for everybody, by the intent of
	// who made it.
	subsets []string
	// hidden is true where not every namespace sees the host.
	hidden bool
	// alias is true for an ExternalName Service.
	alias bool
	// routed is true once a VirtualService of the mesh has the host.
	routed bool
}

// domain ends the name of every Service.
const domain = ".svc.cluster.local"

// ports are the numbers of the ports of one protocol.
func (h *host) numbers(p protocol) []uint32 {
	var numbers []uint32
	for _, port := range h.ports {
		if port.protocol == p {
			numbers = append(numbers, port.number)
		}
	}
	return numbers
}

func (h *host) wildcard() bool { return strings.HasPrefix(h.name, "*") }

// hostWith is a host that has a port of a protocol, nil when there is none. The one
// that the world is about comes most often. A careful world leaves out what not
// everybody can call.
func (m *maker) hostWith(p protocol) *host {
	return m.hostOf(func(h *host) bool { return len(h.numbers(p)) > 0 })
}

func (m *maker) hostOf(fits func(*host) bool) *host {
	ordinary := slices.DeleteFunc(slices.Clone(m.hosts), func(h *host) bool {
		return !fits(h) || m.careful && (h.hidden || h.alias || h.wildcard() || strings.ToLower(h.name) != h.name)
	})
	if len(ordinary) == 0 {
		return nil
	}
	if m.oneIn(2) && slices.Contains(ordinary, m.focus) {
		return m.focus
	}
	return pick(m, ordinary...)
}

// spell is a host as an object of a namespace may write it: short where that means the
// host, and in worlds that go wrong now and then in a way that does not.
func (m *maker) spell(h *host, namespace string) string {
	if h.short == "" {
		return h.name
	}
	if m.wrong(24) {
		m.feature("host/two-part")
		return h.short + "." + h.namespace
	}
	if m.wrong(16) && namespace != h.namespace {
		m.feature("host/short-elsewhere")
		return h.short
	}
	if h.namespace == namespace && m.oneIn(2) {
		m.feature("host/short")
		return h.short
	}
	return h.name
}
