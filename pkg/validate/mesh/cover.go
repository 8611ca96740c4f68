package mesh

import (
	"regexp"
	"slices"
	"strings"
)

// Covers reports whether every request that satisfies another match satisfies this
// one too, as far as what the request is like decides, and as far as can be proved.
func (m *Match) Covers(o *Match) bool {
	return m.uri().covers(o.uri()) &&
		m.Scheme.covers(o.Scheme) && m.Method.covers(o.Method) && m.Authority.covers(o.Authority) &&
		allCovered(m.Headers, o.Headers) && allCovered(m.QueryParams, o.QueryParams) &&
		m.excludesOnly(o)
}

// Meets reports whether some request satisfies both matches, as far as what the
// request is like decides, and as far as can be proved.
func (m *Match) Meets(o *Match) bool {
	return m.uri().meets(o.uri()) &&
		m.Scheme.meets(o.Scheme) && m.Method.meets(o.Method) && m.Authority.meets(o.Authority) &&
		allMeet(m.Headers, o.Headers) && allMeet(m.QueryParams, o.QueryParams) &&
		allApart(m.WithoutHeaders, o.Headers) && allApart(o.WithoutHeaders, m.Headers)
}

// CoversWherever reports whether this match of a section covers another one for all
// who are given that: who they are, what port they call and what they send.
func (m *Match) CoversWherever(o *Match, section Section) bool {
	if m.Port != 0 && m.Port != o.Port {
		return false
	}
	if len(m.Gateways) > 0 && (len(o.Gateways) == 0 || !containsAll(m.Gateways, o.Gateways)) {
		return false
	}
	if !m.sourceCovers(o, section) {
		return false
	}
	if section != SectionHTTP {
		return containsAll(m.SNI, o.SNI) && (len(m.SNI) == 0) == (len(o.SNI) == 0) &&
			containsAll(m.Subnets, o.Subnets) && (len(m.Subnets) == 0) == (len(o.Subnets) == 0)
	}
	return m.Covers(o)
}

// sourceCovers reports whether a match asks nothing of who sends a request that
// another does not ask for as well. An HTTP match that names its gateways does not
// look at the source [4.5].
func (m *Match) sourceCovers(o *Match, section Section) bool {
	if section == SectionHTTP && len(m.Gateways) > 0 {
		return true
	}
	blind := section == SectionHTTP && len(o.Gateways) > 0
	if m.SourceNamespace != "" && (blind || m.SourceNamespace != o.SourceNamespace) {
		return false
	}
	return len(m.SourceLabels) == 0 || !blind && picked(m.SourceLabels, o.SourceLabels)
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(list, one) })
}

// excludesOnly reports whether every request that the match leaves out by its
// withoutHeaders is left out by another one as well.
func (m *Match) excludesOnly(o *Match) bool {
	for name, excluded := range m.WithoutHeaders {
		other, excludes := o.WithoutHeaders[name]
		header, has := o.Headers[name]
		leftOut := excludes && other.covers(excluded) || has && excluded.apart(header)
		if !leftOut {
			return false
		}
	}
	return true
}

func allCovered(wide, narrow map[string]Condition) bool {
	for name, condition := range wide {
		if other, both := narrow[name]; !both || !condition.covers(other) {
			return false
		}
	}
	return true
}

func allMeet(a, b map[string]Condition) bool {
	for name, condition := range a {
		if other, both := b[name]; both && !condition.meets(other) {
			return false
		}
	}
	return true
}

func allApart(excluded, headers map[string]Condition) bool {
	for name, condition := range excluded {
		if header, both := headers[name]; both && !condition.apart(header) {
			return false
		}
	}
	return true
}

// pathCondition is the condition of a match on the path of a request.
type pathCondition struct {
	Condition

	ignoreCase bool
}

func (m *Match) uri() pathCondition {
	p := pathCondition{m.URI, m.IgnoreURICase}
	if m.everyPath() || p == (pathCondition{Condition{How: Prefix}, m.IgnoreURICase}) {
		return pathCondition{}
	}
	p.ignoreCase = p.ignoreCase && p.How != Regex // istiod hands the flag on for plain text only
	return p
}

func (p pathCondition) lower() Condition { return Condition{p.How, strings.ToLower(p.Text)} }

func (p pathCondition) covers(o pathCondition) bool {
	switch {
	case p.How == "" || p == o:
		return true
	case p.ignoreCase && o.How != Regex:
		return p.lower().covers(o.lower())
	case o.ignoreCase:
		return strings.ToLower(o.Text) == strings.ToUpper(o.Text) && p.Condition.covers(o.Condition)
	default:
		return p.Condition.covers(o.Condition)
	}
}

func (p pathCondition) meets(o pathCondition) bool {
	if (p.ignoreCase || o.ignoreCase) && p.How != Regex && o.How != Regex {
		return p.lower().meets(o.lower())
	}
	return p.Condition.meets(o.Condition)
}

// covers reports whether every text that satisfies another condition satisfies
// this one, as far as can be proved.
func (c Condition) covers(o Condition) bool {
	switch {
	case c.How == "":
		return true
	case o.How == "":
		return false
	case c == o, c.How == Present, c.How == Regex && c.Text == ".*":
		return true
	case c.How == Prefix:
		return (o.How == Exact || o.How == Prefix) && strings.HasPrefix(o.Text, c.Text)
	case c.How == Regex && o.How == Exact:
		matches, known := c.matches(o.Text)
		return known && matches
	default:
		return false
	}
}

// meets reports whether some text satisfies both conditions, as far as can be proved.
func (c Condition) meets(o Condition) bool {
	return c.How == "" || o.How == "" || c.covers(o) || o.covers(c)
}

// apart reports whether no text satisfies both conditions, as far as can be proved.
func (c Condition) apart(o Condition) bool {
	switch {
	case c.How == Exact:
		return o.refuses(c.Text)
	case o.How == Exact:
		return c.refuses(o.Text)
	case c.How == Prefix && o.How == Prefix:
		return !strings.HasPrefix(c.Text, o.Text) && !strings.HasPrefix(o.Text, c.Text)
	default:
		return false
	}
}

// refuses reports whether a text does not satisfy the condition, as far as can be
// proved.
func (c Condition) refuses(text string) bool {
	switch c.How {
	case Exact:
		return c.Text != text
	case Prefix:
		return !strings.HasPrefix(text, c.Text)
	case Regex:
		matches, known := c.matches(text)
		return known && !matches
	default:
		return false
	}
}

// matches reports whether the regular expression takes the whole of a text, as
// Envoy asks of it, and whether it can be read at all. Both use RE2.
func (c Condition) matches(text string) (matches, known bool) {
	expression, err := regexp.Compile(`^(?:` + c.Text + `)$`)
	return err == nil && expression.MatchString(text), err == nil
}
