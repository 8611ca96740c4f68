package mesh

import (
	"regexp"
	"slices"
	"strings"
)

// Covers reports whether every request that satisfies a second match satisfies the
// first too, as far as what the request is like decides, and as far as can be proved.
func (v *View) Covers(m, o *Match) bool {
	x := v.expressions
	return x.coversPath(m.uri(), o.uri()) &&
		x.covers(m.Scheme, o.Scheme) && x.covers(m.Method, o.Method) && x.covers(m.Authority, o.Authority) &&
		x.allCovered(m.Headers, o.Headers) && x.allCovered(m.QueryParams, o.QueryParams) &&
		x.excludesOnly(m, o)
}

// Meets reports whether some request satisfies both matches, as far as what the
// request is like decides, and as far as can be proved.
func (v *View) Meets(m, o *Match) bool {
	x := v.expressions
	return x.pathsMeet(m.uri(), o.uri()) &&
		x.meet(m.Scheme, o.Scheme) && x.meet(m.Method, o.Method) && x.meet(m.Authority, o.Authority) &&
		x.allMeet(m.Headers, o.Headers) && x.allMeet(m.QueryParams, o.QueryParams) &&
		x.allLeave(m.WithoutHeaders, o.Headers) && x.allLeave(o.WithoutHeaders, m.Headers)
}

// Elsewhere reports whether the paths of two matches say at a glance that neither covers
// the other, nor do they meet: plain texts of which neither starts with the other. Most
// matches of a crowded host are told apart so.
func (m *Match) Elsewhere(o *Match) bool {
	return m.plainPath() && o.plainPath() && !strings.HasPrefix(m.URI.Text, o.URI.Text) && !strings.HasPrefix(o.URI.Text, m.URI.Text)
}

func (m *Match) plainPath() bool {
	return (m.URI.How == Exact || m.URI.How == Prefix) && m.URI.Text != "" && !m.everyPath() && !m.IgnoreURICase
}

// CoversWherever reports whether a match of a section covers a second one for all
// who are given that: who they are, what port they call and what they send.
func (v *View) CoversWherever(m, o *Match, section Section) bool {
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
		return m.listsCover(o)
	}
	return v.Covers(m, o)
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

// takesAtSidecars reports whether a match leaves nothing of another to sidecars that are
// given both; those of HTTP are the same at gateways.
func (v *View) takesAtSidecars(e, m *Match, section Section) bool {
	if e.labeled(section) && (section == SectionHTTP && len(m.Gateways) > 0 || !picked(e.SourceLabels, m.SourceLabels)) {
		return false
	}
	if section == SectionHTTP {
		return v.Covers(e, m)
	}
	return e.CatchAll(section) || e.listsCover(m)
}

// takesAtGateways is takesAtSidecars for the pods of gateways. There istiod takes the first
// TCP route that it meets, and leaves out a TLS match with any SNI that an earlier one
// has [4.8].
func (m *Match) takesAtGateways(o *Match, section Section) bool {
	return section != SectionTLS || slices.ContainsFunc(o.SNI, func(sni string) bool { return slices.Contains(m.SNI, sni) })
}

// listsCover reports whether the lists of a TLS or TCP match have all that another's have.
func (m *Match) listsCover(o *Match) bool {
	return containsAll(m.SNI, o.SNI) && (len(m.SNI) == 0) == (len(o.SNI) == 0) &&
		containsAll(m.Subnets, o.Subnets) && (len(m.Subnets) == 0) == (len(o.Subnets) == 0)
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(list, one) })
}

// excludesOnly reports whether every request that a match leaves out by its
// withoutHeaders is left out by a second one as well.
func (x expressions) excludesOnly(m, o *Match) bool {
	for name, excluded := range m.WithoutHeaders {
		other, excludes := o.WithoutHeaders[name]
		header, has := o.Headers[name]
		leftOut := excludes && x.covers(other, excluded) || has && x.apart(excluded, header)
		if !leftOut {
			return false
		}
	}
	return true
}

func (x expressions) allCovered(wide, narrow map[string]Condition) bool {
	for name, condition := range wide {
		if other, both := narrow[name]; !both || !x.covers(condition, other) {
			return false
		}
	}
	return true
}

func (x expressions) allMeet(a, b map[string]Condition) bool {
	for name, condition := range a {
		if other, both := b[name]; both && !x.meet(condition, other) {
			return false
		}
	}
	return true
}

func (x expressions) allLeave(excluded, headers map[string]Condition) bool {
	for name, condition := range excluded {
		if header, both := headers[name]; both && !x.leaves(condition, header) {
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

func (x expressions) coversPath(p, o pathCondition) bool {
	switch {
	case p.How == "" || p == o:
		return true
	case p.ignoreCase && o.How != Regex:
		return x.covers(p.lower(), o.lower())
	case o.ignoreCase:
		return strings.ToLower(o.Text) == strings.ToUpper(o.Text) && x.covers(p.Condition, o.Condition)
	default:
		return x.covers(p.Condition, o.Condition)
	}
}

func (x expressions) pathsMeet(p, o pathCondition) bool {
	if (p.ignoreCase || o.ignoreCase) && p.How != Regex && o.How != Regex {
		return x.meet(p.lower(), o.lower())
	}
	return x.meet(p.Condition, o.Condition)
}

// covers reports whether every text that satisfies a second condition satisfies the
// first, as far as can be proved.
func (x expressions) covers(c, o Condition) bool {
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
		matches, known := x.matches(c.Text, o.Text)
		return known && matches
	default:
		return false
	}
}

// meet reports whether some text satisfies both conditions, as far as can be proved.
func (x expressions) meet(c, o Condition) bool {
	return c.How == "" || o.How == "" || x.covers(c, o) || x.covers(o, c)
}

// apart reports whether no text satisfies both conditions, as far as can be proved.
func (x expressions) apart(c, o Condition) bool {
	switch {
	case c.How == Exact:
		return x.refuses(o, c.Text)
	case o.How == Exact:
		return x.refuses(c, o.Text)
	case c.How == Prefix && o.How == Prefix:
		return !strings.HasPrefix(c.Text, o.Text) && !strings.HasPrefix(o.Text, c.Text)
	default:
		return false
	}
}

// leaves reports whether some text satisfies the second condition and not the first, as
// far as can be proved: one that goes on in another way than the first says.
func (x expressions) leaves(excluded, c Condition) bool {
	switch {
	case x.apart(excluded, c):
		return true
	case c.How != Prefix && c.How != Present:
		return false
	default:
		return excluded.How == Exact || excluded.How == Prefix && !strings.HasPrefix(c.Text, excluded.Text)
	}
}

// refuses reports whether a text does not satisfy a condition, as far as can be
// proved.
func (x expressions) refuses(c Condition, text string) bool {
	switch c.How {
	case Exact:
		return c.Text != text
	case Prefix:
		return !strings.HasPrefix(text, c.Text)
	case Regex:
		matches, known := x.matches(c.Text, text)
		return known && !matches
	default:
		return false
	}
}

// expressions are the regular expressions of matches, each made ready once: a long
// list of routes compares each with all others. One that cannot be read is nil.
type expressions map[string]*regexp.Regexp

// longestExpression bounds what is read of what a user writes. What is longer is
// taken for an expression that cannot be read, of which nothing is proved.
const longestExpression = 2048

// matches reports whether a regular expression takes the whole of a text, as Envoy
// asks of it, and whether it can be read at all. Both use RE2.
func (x expressions) matches(written, text string) (matches, known bool) {
	expression, met := x[written]
	if !met {
		if len(written) <= longestExpression {
			expression, _ = regexp.Compile(`^(?:` + written + `)$`) // nil where it fails
		}
		x[written] = expression
	}
	return expression != nil && expression.MatchString(text), expression != nil
}
