package gen

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// makeGatewayRoutes routes some of what the Gateways let in, and sometimes one host in
// fragments.
func (m *maker) makeGatewayRoutes() {
	if len(m.edges) == 0 {
		return
	}
	for range m.between(1, 4) {
		e := pick(m, m.edges...)
		if !m.oneIn(3) {
			e = m.edges[0]
		}
		m.makeGatewayRoute(e)
	}
}

// routeNamespace is a namespace whose VirtualServices a server admits.
func (m *maker) routeNamespace(e *edge) string {
	if e.within != "" && !m.wrong(6) {
		return e.within
	}
	return m.anyNamespace()
}

func (m *maker) makeGatewayRoute(e *edge) {
	if m.careful && m.edgeBusy(e) {
		return
	}
	ns := m.routeNamespace(e)
	vs := &networkingv1.VirtualService{}
	e.routed = m.edgeHost(e)
	vs.Spec.Hosts = []string{e.routed}
	vs.Spec.Gateways = []string{m.gatewayRef(e, ns)}
	ports := []uint32{e.port}
	if other := pick(m, m.edges...); !m.careful && other.gateway != e.gateway && m.oneIn(3) {
		m.feature("route/several-gateways")
		vs.Spec.Gateways = append(vs.Spec.Gateways, m.gatewayRef(other, ns))
		ports = append(ports, other.port)
	}
	s := scope{namespace: ns, gateway: true, gateways: vs.Spec.Gateways, ports: ports}
	vs.Spec.ExportTo = m.gatewayExportTo(e, ns)
	if vs.Spec.Hosts[0] != "*" && e.protocol == protocolHTTP && m.oneIn(5) {
		m.feature("route/gateway-and-mesh")
		vs.Spec.Gateways = append(vs.Spec.Gateways, "mesh")
		s.gateways = vs.Spec.Gateways
		s.ports = nil // the mesh has other ones
	}
	if m.addGatewayRules(vs, e, s) {
		m.add(vs, ns)
	}
}

// addGatewayRules adds the rules that a server takes, or by mistake others. It returns
// false where there is nothing to send the traffic to.
func (m *maker) addGatewayRules(vs *networkingv1.VirtualService, e *edge, s scope) bool {
	p := e.protocol
	if m.wrong(10) {
		m.feature("route/other-protocol")
		p = pick(m, protocolHTTP, protocolTCP, protocolTLS)
	}
	switch p {
	case protocolTCP:
		return m.addTCPRules(vs, s)
	case protocolTLS:
		return m.addTLSRules(vs, s)
	default:
		m.addHTTPRules(vs, e, s)
		return true
	}
}

// addHTTPRules makes a VirtualService a fragment of a host that others may have, too.
func (m *maker) addHTTPRules(vs *networkingv1.VirtualService, e *edge, s scope) {
	e.fragments++
	if e.fragments == 1 {
		s.below = "/a"
		vs.Spec.Http = m.httpRules(s, !m.oneIn(5))
		return
	}
	m.feature("route/gateway-fragments")
	s.below = pick(m, "/b", "/b", "/a/b", "/a")
	if m.careful {
		// Only the second one has these paths; there is no third.
		s.below = "/b"
	}
	vs.Spec.Http = m.httpRules(s, m.wrong(2))
}

// edgeBusy reports whether one more VirtualService for a server would only be one that
// meets the others.
func (m *maker) edgeBusy(e *edge) bool {
	return e.fragments > 1 || slices.ContainsFunc(m.edges, func(o *edge) bool { return o != e && o.fragments > 0 })
}

// edgeHost is a host that a server admits, or by mistake another one.
func (m *maker) edgeHost(e *edge) string {
	if m.wrong(10) {
		m.feature("route/not-admitted")
		return "other.example.org"
	}
	switch {
	case e.routed != "" && (m.careful || !m.oneIn(4)):
		return e.routed
	case e.host == hostAnyone:
		return pick(m, hostAPI, hostShop, hostAnyone)
	case e.host == "*":
		return pick(m, hostAPI, hostAPI, hostAnyone, "*")
	}
	return e.host
}

// gatewayRef is a Gateway as a VirtualService of a namespace may name it.
func (m *maker) gatewayRef(e *edge, ns string) string {
	of, name := e.gateway.Namespace, e.gateway.Name
	switch {
	case m.wrong(14):
		m.feature("route/gateway-missing")
		return pick(m, "missing", of+"/missing")
	case m.wrong(14) && of != ns:
		m.feature("route/gateway-short-elsewhere")
		return name
	case of == ns && m.oneIn(4):
		// Istio's own validation refuses this spelling, and istiod reads it.
		m.feature("invalid/gateway-dot")
		return "./" + name
	case m.oneIn(12):
		m.feature("route/gateway-legacy")
		return name + "." + of
	case of == ns && m.oneIn(2):
		m.feature("route/gateway-short")
		return name
	}
	return of + "/" + name
}

// gatewayExportTo is who may see a VirtualService: the pods of the Gateway, unless it
// is wrong.
func (m *maker) gatewayExportTo(e *edge, ns string) []string {
	if m.careful && m.oneIn(4) {
		m.feature("route/exportTo:pods")
		return []string{e.podsIn}
	}
	if m.careful {
		return nil
	}
	return m.routeExportTo(ns)
}

// addTCPRules routes connections, to a host that speaks TCP.
func (m *maker) addTCPRules(vs *networkingv1.VirtualService, s scope) bool {
	if m.hostWith(protocolTCP) == nil {
		return false
	}
	m.feature("tcp/route")
	if m.oneIn(3) {
		rule := &networking.TCPRoute{Match: []*networking.L4MatchAttributes{m.l4Match(s)}, Route: m.l4Destinations(s, protocolTCP)}
		vs.Spec.Tcp = append(vs.Spec.Tcp, rule)
	}
	vs.Spec.Tcp = append(vs.Spec.Tcp, &networking.TCPRoute{Route: m.l4Destinations(s, protocolTCP)})
	return true
}

func (m *maker) l4Match(s scope) *networking.L4MatchAttributes {
	match := &networking.L4MatchAttributes{}
	switch m.IntN(4) {
	case 0:
		m.feature("l4/match-labels")
		match.SourceLabels = m.clientLabels()
	case 1:
		m.feature("l4/match-namespace")
		match.SourceNamespace = m.anyNamespace()
	case 2:
		match.Gateways = m.matchGateways(s)
	default:
		m.feature("l4/match-port")
		match.Port = m.matchPort(s)
	}
	return match
}

// addTLSRules routes connections by the name that their clients ask for.
func (m *maker) addTLSRules(vs *networkingv1.VirtualService, s scope) bool {
	if m.hostWith(protocolTLS) == nil {
		return false
	}
	m.feature("tls/route")
	for range m.between(1, 2) {
		match := &networking.TLSMatchAttributes{SniHosts: []string{m.sni(vs.Spec.Hosts[0])}}
		switch m.IntN(6) {
		case 0:
			m.feature("l4/match-port")
			match.Port = m.matchPort(s)
		case 1:
			m.feature("l4/match-labels")
			match.SourceLabels = m.clientLabels()
		}
		vs.Spec.Tls = append(vs.Spec.Tls, &networking.TLSRoute{
			Match: []*networking.TLSMatchAttributes{match},
			Route: m.l4Destinations(s, protocolTLS),
		})
	}
	return true
}

// sni is a name below a host of a VirtualService, as Istio's own validation wants it.
func (m *maker) sni(host string) string {
	if host == "*" {
		return pick(m, hostAPI, hostShop)
	}
	if strings.HasPrefix(host, "*") && m.oneIn(2) {
		m.feature("tls/narrower-sni")
		return strings.Replace(host, "*", pick(m, "api", "shop"), 1)
	}
	return host
}

func (m *maker) l4Destinations(s scope, p protocol) []*networking.RouteDestination {
	if !m.oneIn(4) {
		return []*networking.RouteDestination{{Destination: m.destination(s, p)}}
	}
	m.feature("l4/weights")
	list := []*networking.RouteDestination{
		{Destination: m.destination(s, p), Weight: 60},
		{Destination: m.destination(s, p), Weight: 40},
	}
	if m.wrong(3) {
		// istiod panics over it.
		m.feature("invalid/l4-zero-weights")
		list[0].Weight, list[1].Weight = 0, 0
	}
	return list
}

// makeL4Routes routes hosts of the mesh that do not speak HTTP.
func (m *maker) makeL4Routes() {
	for range m.between(1, 2) {
		m.makeL4Route(pick(m, protocolTCP, protocolTLS))
	}
}

func (m *maker) makeL4Route(p protocol) {
	h := m.hostToRoute(p)
	if h == nil {
		return
	}
	ns := pick(m, h.namespace, h.namespace, m.anyNamespace())
	vs := &networkingv1.VirtualService{}
	vs.Spec.Hosts = []string{h.name}
	if m.oneIn(6) {
		m.feature("l4/wildcard-host")
		vs.Spec.Hosts = []string{"*." + m.focus.namespace + domain}
		if h.short == "" {
			vs.Spec.Hosts = []string{hostAnyone}
		}
	}
	vs.Spec.ExportTo = m.routeExportTo(ns)
	s := scope{namespace: ns, host: h, ports: h.numbers(p)}
	if p == protocolTCP {
		m.addTCPRules(vs, s)
	} else {
		m.addTLSRules(vs, s)
	}
	m.add(vs, ns)
}
