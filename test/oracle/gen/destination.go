package gen

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// destination is a place to send the requests of a scope to: mostly one that exists,
// and for a host of the mesh mostly that host.
func (m *maker) destination(s scope, p protocol) *networking.Destination {
	h := m.hostWith(p)
	if s.host != nil && len(s.host.numbers(p)) > 0 && !m.oneIn(3) {
		h = s.host
	}
	if h == nil || m.wrong(20) {
		m.feature("destination/unknown-host")
		return &networking.Destination{Host: pick(m, "nobody", "nobody.default"+domain, "nobody.example.org")}
	}
	to := &networking.Destination{Host: m.destinationHost(h, s)}
	m.setPort(to, h, s, p)
	m.setSubset(to, h)
	return to
}

func (m *maker) destinationHost(h *host, s scope) string {
	if h.alias {
		m.feature("destination/external-name")
	}
	if h.wildcard() {
		if m.oneIn(2) {
			m.feature("destination/wildcard")
			return h.name
		}
		m.feature("destination/under-wildcard")
		return strings.Replace(h.name, "*", "any", 1)
	}
	if m.wrong(30) {
		m.feature("destination/capitals")
		return "R" + m.spell(h, s.namespace)[1:]
	}
	return m.spell(h, s.namespace)
}

// setPort gives a destination its port, where istiod would not guess it rightly.
func (m *maker) setPort(to *networking.Destination, h *host, s scope, p protocol) {
	right := h.numbers(p)
	udp := h.numbers(protocolUDP)
	switch {
	case m.wrong(24):
		m.feature("destination/wrong-port")
		to.Port = &networking.PortSelector{Number: 9999}
	case len(udp) > 0 && m.wrong(4):
		m.feature("destination/udp-port")
		to.Port = &networking.PortSelector{Number: udp[0]}
	case h.mayOmitPort(s) && m.oneIn(2):
		m.feature("destination/no-port")
	case m.wrong(5):
		m.feature("destination/doubtful-no-port")
	default:
		m.feature("destination/port")
		to.Port = &networking.PortSelector{Number: pick(m, right...)}
	}
}

// mayOmitPort reports whether istiod guesses the port of a destination: Gateways take
// the only one that a host has, sidecars the one that the client called.
func (h *host) mayOmitPort(s scope) bool {
	if s.gateway && len(h.ports) != 1 || len(s.ports) == 0 && !s.gateway {
		return false
	}
	if s.gateway && s.host == nil {
		return true
	}
	for _, called := range s.ports {
		if !slices.ContainsFunc(h.ports, func(p port) bool { return p.number == called && p.protocol != protocolUDP }) {
			return false
		}
	}
	return true
}

func (m *maker) setSubset(to *networking.Destination, h *host) {
	if m.wrong(14) {
		to.Subset = pick(m, "v1", "v2", "v3", "v9")
		if !slices.Contains(h.subsets, to.Subset) {
			m.feature("destination/undefined-subset")
		}
		return
	}
	if len(h.subsets) > 0 && !m.oneIn(4) {
		m.feature("destination/subset")
		to.Subset = pick(m, h.subsets...)
	}
}
