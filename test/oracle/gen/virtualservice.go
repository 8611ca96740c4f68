package gen

import (
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// makeMeshRoutes routes some hosts for the clients of the mesh.
func (m *maker) makeMeshRoutes() {
	for i := range m.between(1, 3) {
		if h := m.hostToRoute(protocolHTTP); h != nil {
			m.makeMeshRoute(h, i)
		}
	}
	if m.oneIn(5) {
		m.makeWildcardRoute()
	}
}

// hostToRoute is a host that a VirtualService may have: in a careful world one that no
// other has.
func (m *maker) hostToRoute(p protocol) *host {
	h := m.hostOf(func(h *host) bool { return len(h.numbers(p)) > 0 && (!m.careful || !h.routed) })
	if h == nil {
		return nil
	}
	if h.routed {
		m.feature("route/host-again")
	}
	if h.alias {
		m.feature("route/external-name")
	}
	h.routed = true
	return h
}

func (m *maker) makeMeshRoute(h *host, nth int) {
	ns := pick(m, h.namespace, h.namespace, m.anyNamespace())
	if m.oneIn(12) {
		m.feature("route/in-root")
		ns = world.Root
	}
	vs := &networkingv1.VirtualService{}
	vs.Spec.Hosts = []string{m.routeHost(h, ns)}
	s := scope{namespace: ns, host: h, ports: h.numbers(protocolHTTP)}
	if m.oneIn(5) {
		m.feature("route/mesh-by-name")
		vs.Spec.Gateways = []string{"mesh"}
		s.gateways = vs.Spec.Gateways
	}
	if nth > 0 && m.oneIn(4) {
		s.ports = append(s.ports, m.addSecondHost(vs, ns)...)
	}
	vs.Spec.ExportTo = m.routeExportTo(ns)
	vs.Spec.Http = m.httpRules(s, !m.oneIn(4))
	m.add(vs, ns)
}

// routeHost is a host as a VirtualService has it. Capitals mean the same there.
func (m *maker) routeHost(h *host, ns string) string {
	if m.wrong(16) && !h.wildcard() {
		m.feature("route/capitals")
		return strings.ToUpper(h.name[:1]) + h.name[1:]
	}
	return m.spell(h, ns)
}

// addSecondHost lets a VirtualService have another host besides, and returns on which
// ports that one is called.
func (m *maker) addSecondHost(vs *networkingv1.VirtualService, ns string) []uint32 {
	h := m.hostToRoute(protocolHTTP)
	if h == nil {
		return nil
	}
	second := m.spell(h, ns)
	if overlap(vs.Spec.Hosts[0], second) {
		return nil
	}
	m.feature("route/several-hosts")
	vs.Spec.Hosts = append(vs.Spec.Hosts, second)
	return h.numbers(protocolHTTP)
}

// overlap reports whether Istio's own validation takes two hosts for one.
func overlap(a, b string) bool {
	tail, wild := strings.CutPrefix(a, "*")
	otherTail, otherWild := strings.CutPrefix(b, "*")
	switch {
	case wild && otherWild:
		return strings.HasSuffix(tail, otherTail) || strings.HasSuffix(otherTail, tail)
	case wild:
		return strings.HasSuffix(b, tail)
	case otherWild:
		return strings.HasSuffix(a, otherTail)
	}
	return a == b
}

// makeWildcardRoute routes all hosts of a namespace, or all below a domain.
func (m *maker) makeWildcardRoute() {
	m.feature("route/wildcard")
	ns := m.anyNamespace()
	vs := &networkingv1.VirtualService{}
	vs.Spec.Hosts = []string{pick(m, "*."+m.focus.namespace+domain, "*"+domain, "*.example.com")}
	vs.Spec.Http = m.httpRules(scope{namespace: ns, host: m.focus}, true)
	vs.Spec.ExportTo = m.routeExportTo(ns)
	m.add(vs, ns)
}

// routeExportTo is who may see a VirtualService.
func (m *maker) routeExportTo(ns string) []string {
	if m.wrong(20) {
		// Istio's own validation refuses it, and istiod hides the VirtualService.
		m.feature("invalid/route-hidden")
		return []string{"~"}
	}
	if !m.oneIn(4) {
		return nil
	}
	other := m.anyNamespace()
	if other == ns {
		other = world.Root
	}
	exportTo := pick(m, []string{"*"}, []string{"."}, []string{"."}, []string{ns}, []string{other}, []string{".", other})
	m.exported("route", exportTo, ns, other)
	return exportTo
}
