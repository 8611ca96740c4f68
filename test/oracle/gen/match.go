package gen

import (
	networking "istio.io/api/networking/v1alpha3"
)

func exact(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: value}}
}

func prefix(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: value}}
}

func regex(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: value}}
}

// scope is what the rules of one VirtualService are written for.
type scope struct {
	namespace string // of the VirtualService
	// host is the host of the mesh that is routed, nil where it is one of a Gateway.
	host *host
	// ports are those that clients call.
	ports []uint32
	// gateway is true where Gateways serve the routes.
	gateway bool
	// gateways are the names by which the VirtualService knows its Gateways.
	gateways []string
	// below, where set, begins every path that the rules may be about.
	below string
}

// match is a condition on requests. It always has one part at least.
func (m *maker) match(s scope) *networking.HTTPMatchRequest {
	match := &networking.HTTPMatchRequest{}
	if s.below != "" || m.oneIn(2) {
		m.matchURI(match, s.below)
	}
	if match.Uri == nil || m.oneIn(3) {
		m.matchContent(match)
	}
	if m.oneIn(6) {
		m.matchSource(match, s)
	}
	return match
}

func (m *maker) matchURI(match *networking.HTTPMatchRequest, below string) {
	if below != "" {
		match.Uri = pick(m, exact(below), prefix(below), prefix(below))
		m.feature("match/uri-below")
		return
	}
	switch m.IntN(8) {
	case 0, 1, 2:
		m.feature("match/uri-exact")
		match.Uri = exact(pick(m, "/", "/a", "/a/b", "/b"))
	case 3:
		m.feature("match/uri-regex")
		match.Uri = regex(pick(m, uriRegexes...))
	default:
		m.feature("match/uri-prefix")
		match.Uri = prefix(pick(m, "/a", "/a/b", "/b", "/a", "/b", "/", ""))
	}
	if m.oneIn(8) {
		m.feature("match/ignore-case")
		match.IgnoreUriCase = true
	}
}

// matchContent adds a condition on what a request says besides its path.
func (m *maker) matchContent(match *networking.HTTPMatchRequest) {
	header := Vocabulary.Header
	switch m.IntN(9) {
	case 0, 1, 2:
		m.feature("match/header-exact")
		match.Headers = map[string]*networking.StringMatch{header: exact(pick(m, "1", "2"))}
	case 3:
		m.feature("match/header-prefix")
		match.Headers = map[string]*networking.StringMatch{header: prefix("1")}
	case 4:
		m.feature("match/header-presence")
		match.Headers = map[string]*networking.StringMatch{header: {}}
	case 5:
		m.feature("match/without-headers")
		match.WithoutHeaders = map[string]*networking.StringMatch{header: pick(m, exact("1"), &networking.StringMatch{})}
	case 6:
		m.feature("match/method")
		match.Method = exact(pick(m, Vocabulary.Methods...))
	case 7:
		m.feature("match/authority")
		match.Authority = pick(m, exact(pick(m, Vocabulary.Authorities...)), prefix("api"))
	default:
		m.feature("match/query")
		match.QueryParams = map[string]*networking.StringMatch{Vocabulary.Query: exact(pick(m, Vocabulary.QueryValues...))}
	}
}

// matchSource adds a condition that istiod decides for each proxy, before any request.
func (m *maker) matchSource(match *networking.HTTPMatchRequest, s scope) {
	switch m.IntN(4) {
	case 0:
		m.feature("match/port")
		match.Port = m.matchPort(s)
	case 1:
		m.feature("match/source-labels")
		match.SourceLabels = m.clientLabels()
	case 2:
		m.feature("match/source-namespace")
		match.SourceNamespace = m.anyNamespace()
	default:
		match.Gateways = m.matchGateways(s)
	}
}

// matchPort is a port that clients call, or by mistake another one.
func (m *maker) matchPort(s scope) uint32 {
	if m.wrong(4) {
		m.feature("match/other-port")
		return 8000
	}
	if len(s.ports) == 0 {
		return 80
	}
	return pick(m, s.ports...)
}

func (m *maker) matchGateways(s scope) []string {
	m.feature("match/gateways")
	if m.wrong(4) {
		m.feature("match/other-gateway")
		return []string{"main"}
	}
	if len(s.gateways) == 0 {
		return []string{"mesh"}
	}
	return []string{pick(m, s.gateways...)}
}
