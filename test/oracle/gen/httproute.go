package gen

import (
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
)

// httpRules are the rules of one VirtualService: conditional ones, and mostly a last
// one for the rest.
func (m *maker) httpRules(s scope, rest bool) []*networking.HTTPRoute {
	var rules []*networking.HTTPRoute
	conditional := m.between(0, 2)
	if !rest {
		conditional++
	}
	for range conditional {
		rule := m.httpRule(s)
		for range m.between(1, 2) {
			rule.Match = append(rule.Match, m.match(s))
		}
		rules = append(rules, rule)
	}
	if len(rules) > 0 && m.wrong(8) {
		m.feature("http/early-catch-all")
		rules = append([]*networking.HTTPRoute{m.catchAll(s)}, rules...)
	}
	if rest {
		rules = append(rules, m.catchAll(s))
	}
	return rules
}

// catchAll is a rule for all requests, in one of the ways to say so.
func (m *maker) catchAll(s scope) *networking.HTTPRoute {
	m.feature("http/catch-all")
	rule := m.httpRule(s)
	if m.oneIn(4) {
		m.feature("http/catch-all-by-match")
		rule.Match = []*networking.HTTPMatchRequest{{Uri: pick(m, prefix("/"), regex(".*"))}}
	}
	return rule
}

// httpRule is a rule without conditions.
func (m *maker) httpRule(s scope) *networking.HTTPRoute {
	rule := &networking.HTTPRoute{}
	switch m.IntN(16) {
	case 0:
		m.feature("http/redirect")
		rule.Redirect = &networking.HTTPRedirect{Uri: "/b"}
		return rule
	case 1:
		m.feature("http/direct-response")
		rule.DirectResponse = &networking.HTTPDirectResponse{Status: 418}
		return rule
	case 2:
		m.feature("http/timeout")
		rule.Timeout = &durationpb.Duration{Seconds: 3}
	}
	rule.Route = m.httpDestinations(s)
	m.addMirror(rule, s)
	return rule
}

func (m *maker) httpDestinations(s scope) []*networking.HTTPRouteDestination {
	if m.oneIn(2) {
		return []*networking.HTTPRouteDestination{{Destination: m.destination(s, protocolHTTP)}}
	}
	m.feature("http/weights")
	list := []*networking.HTTPRouteDestination{
		{Destination: m.destination(s, protocolHTTP), Weight: 90},
		{Destination: m.destination(s, protocolHTTP), Weight: 10},
	}
	switch {
	case m.wrong(16):
		m.feature("invalid/http-zero-weights")
		list[0].Weight, list[1].Weight = 0, 0
	case m.oneIn(5):
		m.feature("http/one-zero-weight")
		list[1].Weight = 0
	}
	return list
}

func (m *maker) addMirror(rule *networking.HTTPRoute, s scope) {
	if !m.oneIn(6) {
		return
	}
	if m.oneIn(2) {
		m.feature("http/mirror")
		rule.Mirror = m.destination(s, protocolHTTP)
		return
	}
	m.feature("http/mirrors")
	for range m.between(1, 2) {
		rule.Mirrors = append(rule.Mirrors, &networking.HTTPMirrorPolicy{Destination: m.destination(s, protocolHTTP)})
	}
}
