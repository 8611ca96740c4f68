package mesh

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Match is one set of conditions of a route, all of which must hold.
type Match struct {
	// Gateways are the gateways whose proxies are given the match: "mesh" or
	// "namespace/name"; none for all that the VirtualService is bound to.
	Gateways        []string
	SourceNamespace string
	SourceLabels    map[string]string
	Port            uint32

	// Of HTTP.
	URI, Scheme, Method, Authority       Condition
	Headers, WithoutHeaders, QueryParams map[string]Condition
	IgnoreURICase                        bool

	// Of TLS and TCP.
	SNI     []string
	Subnets []string
}

// Condition is what a text has to be like.
type Condition struct {
	How  How
	Text string
}

// How is the way in which a Condition compares; empty for no condition.
type How string

// The ways to compare.
const (
	Exact   How = "exact"
	Prefix  How = "prefix"
	Regex   How = "regex"
	Present How = "present" // that there is any
)

func condition(from *networking.StringMatch) Condition {
	switch c := from.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return Condition{Exact, c.Exact}
	case *networking.StringMatch_Prefix:
		return Condition{Prefix, c.Prefix}
	case *networking.StringMatch_Regex:
		return Condition{Regex, c.Regex}
	default:
		if from != nil {
			return Condition{How: Present}
		}
		return Condition{}
	}
}

func conditions(from map[string]*networking.StringMatch) map[string]Condition {
	if len(from) == 0 {
		return nil
	}
	to := make(map[string]Condition, len(from))
	for name, match := range from {
		if to[name] = condition(match); match == nil {
			to[name] = Condition{How: Present}
		}
	}
	return to
}

func httpMatch(m *networking.HTTPMatchRequest) *Match {
	return &Match{
		Gateways:        m.GetGateways(),
		SourceNamespace: m.GetSourceNamespace(),
		SourceLabels:    m.GetSourceLabels(),
		Port:            m.GetPort(),
		URI:             condition(m.GetUri()),
		Scheme:          condition(m.GetScheme()),
		Method:          condition(m.GetMethod()),
		Authority:       condition(m.GetAuthority()),
		Headers:         conditions(m.GetHeaders()),
		WithoutHeaders:  conditions(m.GetWithoutHeaders()),
		QueryParams:     conditions(m.GetQueryParams()),
		IgnoreURICase:   m.GetIgnoreUriCase(),
	}
}

func tlsMatch(m *networking.TLSMatchAttributes) *Match {
	return &Match{
		Gateways:        m.GetGateways(),
		SourceNamespace: m.GetSourceNamespace(),
		SourceLabels:    m.GetSourceLabels(),
		Port:            m.GetPort(),
		SNI:             m.GetSniHosts(),
		Subnets:         m.GetDestinationSubnets(),
	}
}

func tcpMatch(m *networking.L4MatchAttributes) *Match {
	return &Match{
		Gateways:        m.GetGateways(),
		SourceNamespace: m.GetSourceNamespace(),
		SourceLabels:    m.GetSourceLabels(),
		Port:            m.GetPort(),
		Subnets:         m.GetDestinationSubnets(),
	}
}

// resolved returns the match with the gateways in it as an object of a namespace
// means them.
func (m *Match) resolved(namespace string) *Match {
	if len(m.Gateways) == 0 {
		return m
	}
	resolved := *m
	resolved.Gateways = make([]string, 0, len(m.Gateways))
	for _, name := range m.Gateways {
		if name != meshGateway {
			name = gatewayName(name, namespace)
		}
		resolved.Gateways = append(resolved.Gateways, name)
	}
	return &resolved
}

// CatchAll reports whether the match takes every request of those who are given
// it, as istiod sees it [4.6]: the prefix "" is not recognised.
func (m *Match) CatchAll(section Section) bool {
	switch section {
	case SectionHTTP:
		return m.everyPath() && !m.Conditional()
	case SectionTCP:
		return len(m.Subnets) == 0
	default:
		return false
	}
}

// Conditional reports whether the match asks for anything of a request beside its path.
func (m *Match) Conditional() bool {
	return m.Scheme.How != "" || m.Method.How != "" || m.Authority.How != "" ||
		len(m.Headers) > 0 || len(m.WithoutHeaders) > 0 || len(m.QueryParams) > 0
}

func (m *Match) everyPath() bool {
	switch m.URI.How {
	case "":
		return true
	case Prefix:
		return m.URI.Text == "/"
	case Regex:
		return m.URI.Text == ".*"
	default:
		return false
	}
}

// given narrows those who are given the VirtualService down to those who are
// given the match [4.5].
func (m *Match) given(section Section, bound Reach) Reach {
	reach := bound
	if len(m.Gateways) > 0 {
		reach = reach.at(m.Gateways)
	}
	// An HTTP match that names its gateways says nothing about the source, nor
	// does a TCP or TLS match on a gateway.
	if m.SourceNamespace == "" || (section == SectionHTTP && len(m.Gateways) > 0) {
		return reach
	}
	reach.Sidecars = reach.Sidecars.And(OnlyNamespaces(m.SourceNamespace))
	if section == SectionHTTP {
		reach.Gateways = dropped(reach.Gateways, func(g GatewayPods) bool { return g.Namespace != m.SourceNamespace })
	}
	return reach
}

// emptied narrows those who are given a match without a port down to those for whom it
// leaves nothing over. Of TCP a gateway asks for the port alone [4.5].
func (m *Match) emptied(section Section, given Reach) Reach {
	switch {
	case m.CatchAll(section) && !m.labeled(section):
		return given
	case section == SectionTCP:
		return Reach{Gateways: given.Gateways}
	default:
		return Reach{}
	}
}

// labeled reports whether the match leaves out some workloads of those who are
// given it by their labels [4.5].
func (m *Match) labeled(section Section) bool {
	return len(m.SourceLabels) > 0 && (section != SectionHTTP || len(m.Gateways) == 0)
}

// merge returns what a match of a delegate and one of its root come to, and
// whether they can both hold at all as istiod sees it [4.10].
func (m *Match) merge(leaf *Match) (*Match, bool) {
	if m.conflicts(leaf) {
		return nil, false
	}
	merged := *m
	for _, field := range []struct{ into, from *Condition }{
		{&merged.URI, &leaf.URI}, {&merged.Scheme, &leaf.Scheme}, {&merged.Method, &leaf.Method}, {&merged.Authority, &leaf.Authority},
	} {
		if field.from.How != "" {
			*field.into = *field.from
		}
	}
	merged.Headers = mergedConditions(m.Headers, leaf.Headers)
	merged.WithoutHeaders = mergedConditions(m.WithoutHeaders, leaf.WithoutHeaders)
	merged.QueryParams = mergedConditions(m.QueryParams, leaf.QueryParams)
	if leaf.Port != 0 {
		merged.Port = leaf.Port
	}
	if len(leaf.Gateways) > 0 {
		merged.Gateways = leaf.Gateways
	}
	if leaf.SourceNamespace != "" {
		merged.SourceNamespace = leaf.SourceNamespace
	}
	if len(leaf.SourceLabels) > 0 {
		merged.SourceLabels = maps.Clone(leaf.SourceLabels)
		maps.Copy(merged.SourceLabels, m.SourceLabels)
	}
	return &merged, true
}

func mergedConditions(root, leaf map[string]Condition) map[string]Condition {
	if len(root) == 0 {
		return leaf
	}
	merged := maps.Clone(root)
	maps.Copy(merged, leaf)
	return merged
}

// conflicts reports whether istiod drops a delegate's match because of its root's [4.10].
func (m *Match) conflicts(leaf *Match) bool {
	switch {
	case m.IgnoreURICase != leaf.IgnoreURICase,
		m.URI.conflicts(leaf.URI), m.Scheme.conflicts(leaf.Scheme), m.Method.conflicts(leaf.Method), m.Authority.conflicts(leaf.Authority),
		anyConflicts(m.Headers, leaf.Headers), anyConflicts(m.WithoutHeaders, leaf.WithoutHeaders), anyConflicts(m.QueryParams, leaf.QueryParams),
		m.Port != 0 && leaf.Port != 0 && m.Port != leaf.Port,
		m.SourceNamespace != "" && m.SourceNamespace != leaf.SourceNamespace:
		return true
	}
	for key, value := range m.SourceLabels {
		if other, both := leaf.SourceLabels[key]; both && other != value {
			return true
		}
	}
	return len(m.Gateways) > 0 && slices.ContainsFunc(leaf.Gateways, func(name string) bool { return !slices.Contains(m.Gateways, name) })
}

func anyConflicts(root, leaf map[string]Condition) bool {
	for name, condition := range root {
		if other, both := leaf[name]; both && condition.conflicts(other) {
			return true
		}
	}
	return false
}

// conflicts reports whether istiod takes a root's condition and a delegate's on
// the same field for incompatible: a delegate's may only extend a prefix, or be
// the same.
func (c Condition) conflicts(leaf Condition) bool {
	if c.How == "" || leaf.How == "" {
		return false
	}
	if c.How == Present || leaf.How == Present || c.How == Regex || leaf.How == Regex {
		return true
	}
	if c.How == Exact {
		return leaf.How != Exact || c.Text != leaf.Text
	}
	return !strings.HasPrefix(leaf.Text, c.Text)
}
