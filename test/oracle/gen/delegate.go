package gen

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// makeDelegates makes a VirtualService that leaves its rules to others, and those.
func (m *maker) makeDelegates() {
	root := &networkingv1.VirtualService{}
	s, ok := m.rootScope(root)
	if !ok {
		return
	}
	for _, below := range some(m, m.between(1, 2), "/a", "/b") {
		root.Spec.Http = append(root.Spec.Http, m.delegation(s, below))
	}
	if m.oneIn(2) {
		root.Spec.Http = append(root.Spec.Http, m.catchAll(s))
	}
	m.add(root, s.namespace)
}

// rootScope makes the head of the root, of a Gateway or of the mesh.
func (m *maker) rootScope(root *networkingv1.VirtualService) (scope, bool) {
	if len(m.edges) > 0 && m.oneIn(2) {
		if e := pick(m, m.edges...); e.protocol == protocolHTTP && (!m.careful || !m.edgeBusy(e)) {
			m.feature("delegate/gateway")
			ns := m.routeNamespace(e)
			e.routed = m.edgeHost(e)
			root.Spec.Hosts = []string{e.routed}
			root.Spec.Gateways = []string{m.gatewayRef(e, ns)}
			e.fragments += 3 // it has the paths of all fragments
			return scope{namespace: ns, gateway: true, gateways: root.Spec.Gateways, ports: []uint32{e.port}}, true
		}
	}
	h := m.hostToRoute(protocolHTTP)
	if h == nil {
		return scope{}, false
	}
	m.feature("delegate/mesh")
	root.Spec.Hosts = []string{m.spell(h, h.namespace)}
	return scope{namespace: h.namespace, host: h, ports: h.numbers(protocolHTTP)}, true
}

// delegation makes a delegate and the rule of the root that names it.
func (m *maker) delegation(s scope, below string) *networking.HTTPRoute {
	rule := &networking.HTTPRoute{Delegate: &networking.Delegate{Name: "missing"}}
	if !m.oneIn(4) {
		rule.Match = []*networking.HTTPMatchRequest{m.rootMatch(s, below)}
	}
	if m.wrong(8) {
		m.feature("delegate/missing")
		return rule
	}
	ns := s.namespace
	if m.oneIn(3) {
		m.feature("delegate/other-namespace")
		ns = m.otherNamespace(ns)
	}
	leaf := m.leaf(s, ns, below, len(rule.Match) > 0)
	m.add(leaf, ns)
	rule.Delegate.Name = leaf.Name
	if ns != s.namespace || m.oneIn(4) {
		rule.Delegate.Namespace = ns
	}
	return rule
}

// rootMatch is a condition of a root. The delegate's have to agree with it.
func (m *maker) rootMatch(s scope, below string) *networking.HTTPMatchRequest {
	match := &networking.HTTPMatchRequest{Uri: prefix(below)}
	switch {
	case m.wrong(5):
		m.feature("delegate/conflict")
		match.Uri = pick(m, exact(below), regex("/a.*"))
	case m.oneIn(6):
		m.feature("delegate/root-header")
		match.Headers = map[string]*networking.StringMatch{Vocabulary.Header: exact("1")}
	case m.oneIn(4) && !m.careful:
		m.feature("delegate/root-source")
		m.matchSource(match, s)
	}
	return match
}

func (m *maker) leaf(s scope, ns, below string, conditional bool) *networkingv1.VirtualService {
	leaf := &networkingv1.VirtualService{}
	inside := s
	inside.namespace = ns
	inside.gateways = nil
	leaf.Spec.Http = []*networking.HTTPRoute{m.httpRule(inside)}
	if conditional && m.oneIn(2) {
		m.feature("delegate/leaf-match")
		leaf.Spec.Http[0].Match = []*networking.HTTPMatchRequest{{Uri: prefix(below + "/b")}}
	} else if m.wrong(3) {
		m.feature("delegate/any-leaf")
		leaf.Spec.Http = m.httpRules(inside, m.oneIn(2))
	}
	switch {
	case m.wrong(12):
		m.feature("delegate/with-hosts")
		leaf.Spec.Hosts = []string{m.focus.name}
	case m.wrong(5):
		m.feature("invalid/nested-delegate")
		nested := &networkingv1.VirtualService{}
		nested.Spec.Http = []*networking.HTTPRoute{m.httpRule(inside)}
		m.add(nested, ns)
		leaf.Spec.Http = []*networking.HTTPRoute{{Delegate: &networking.Delegate{Name: nested.Name}}}
	case m.wrong(6):
		m.feature("delegate/exportTo")
		leaf.Spec.ExportTo = pick(m, []string{"."}, []string{m.anyNamespace()}, []string{"*"})
	}
	return leaf
}
