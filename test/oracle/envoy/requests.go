package envoy

import (
	"maps"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Place is a virtual host in its table.
type Place struct {
	Table *routev3.RouteConfiguration
	Host  *routev3.VirtualHost
}

// wild is what stands for a wildcard in the names that are made up.
const wild = "zz"

// mostRequests bounds the requests that are made up for some virtual hosts.
const mostRequests = 50_000

// Requests are enough requests to tell apart what the routes of some virtual hosts ask
// for: one for each combination of conditions that a text can satisfy, as far as texts
// come to mind. They all go to one of the hosts at least. There are none at all where
// there would be too many.
func Requests(at ...Place) []Request {
	requests := []Request{{}}
	for _, d := range dimensions(at) {
		classes := d.classes()
		if len(requests)*len(classes) > mostRequests {
			return nil
		}
		var more []Request
		for _, request := range requests {
			for _, s := range classes {
				more = append(more, d.with(request, s))
			}
		}
		requests = more
	}
	return requests
}

// sample is a text that a request may have in some place, or none.
type sample struct {
	text string
	has  bool
}

// dimension is one thing that conditions ask about.
type dimension struct {
	samples []sample
	// holds are the conditions. Of samples that no condition tells apart, one is enough.
	holds []func(sample) bool
	with  func(Request, sample) Request
}

// classes are samples of which each satisfies other conditions.
func (d *dimension) classes() []sample {
	known := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(d.samples), func(s sample) bool {
		var signature strings.Builder
		for _, holds := range d.holds {
			if holds(s) {
				signature.WriteByte('1')
			} else {
				signature.WriteByte('0')
			}
		}
		seen := known[signature.String()]
		known[signature.String()] = true
		return seen
	})
}

func dimensions(at []Place) []*dimension {
	all := []*dimension{paths(at), authorities(at)}
	headers, queries := map[string][]*routev3.HeaderMatcher{}, map[string][]*routev3.QueryParameterMatcher{}
	for _, match := range matchesOf(at) {
		for _, condition := range match.GetHeaders() {
			headers[condition.GetName()] = append(headers[condition.GetName()], condition)
		}
		for _, condition := range match.GetQueryParameters() {
			queries[condition.GetName()] = append(queries[condition.GetName()], condition)
		}
	}
	all = append(all, pseudo(methodHeader, headers, "GET", "POST"), pseudo(schemeHeader, headers, "http", "https"))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if !strings.HasPrefix(name, ":") {
			all = append(all, header(name, headers[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		all = append(all, query(name, queries[name]))
	}
	return all
}

func matchesOf(at []Place) []*routev3.RouteMatch {
	var all []*routev3.RouteMatch
	for _, place := range at {
		for _, route := range place.Host.GetRoutes() {
			all = append(all, route.GetMatch())
		}
	}
	return all
}

// paths begin with a slash.
func paths(at []Place) *dimension {
	d := &dimension{with: func(r Request, s sample) Request { r.Path = s.text; return r }}
	words := words{texts: []string{"/zz"}}
	for _, match := range matchesOf(at) {
		d.holds = append(d.holds, func(s sample) bool { return matchesPath(match, s.text) })
		switch at := match.GetPathSpecifier().(type) {
		case *routev3.RouteMatch_Prefix:
			words.prefix(at.Prefix)
		case *routev3.RouteMatch_Path:
			words.exact(at.Path)
		case *routev3.RouteMatch_SafeRegex:
			words.expression(at.SafeRegex.GetRegex())
		case *routev3.RouteMatch_PathSeparatedPrefix:
			words.prefix(at.PathSeparatedPrefix)
		}
	}
	d.samples = words.samples(func(text string) bool { return strings.HasPrefix(text, "/") })
	return d
}

// authorities are those that lead to one of the virtual hosts.
func authorities(at []Place) *dimension {
	d := &dimension{with: func(r Request, s sample) Request { r.Authority = s.text; return r }}
	var words words
	for _, place := range at {
		d.holds = append(d.holds, func(s sample) bool { return Host(place.Table, s.text) == place.Host })
		for _, domain := range place.Host.GetDomains() {
			words.add(strings.Replace(domain, "*", wild, 1), strings.Replace(domain, "*", wild, 1)+":8000")
		}
	}
	leads, domains := slices.Clone(d.holds), slices.Clone(words.texts)
	for _, match := range matchesOf(at) {
		for _, condition := range match.GetHeaders() {
			if condition.GetName() == authorityHeader {
				d.ask(condition)
				words.about(condition.GetStringMatch())
			}
		}
	}
	words.within(domains)
	d.samples = words.samples(func(text string) bool {
		return text != "" && slices.ContainsFunc(leads, func(to func(sample) bool) bool { return to(sample{text, true}) })
	})
	return d
}

// pseudo is about what Envoy has as a header and every request has: some usual values,
// and others where a condition is on them.
func pseudo(name string, headers map[string][]*routev3.HeaderMatcher, usual ...string) *dimension {
	d := &dimension{with: func(r Request, s sample) Request {
		if name == methodHeader {
			r.Method = s.text
		} else {
			r.Scheme = s.text
		}
		return r
	}}
	words := words{texts: usual}
	for _, condition := range headers[name] {
		d.ask(condition)
		if name == methodHeader {
			words.about(condition.GetStringMatch())
		}
	}
	d.samples = words.samples(func(text string) bool { return text != "" })
	return d
}

func header(name string, conditions []*routev3.HeaderMatcher) *dimension {
	d := &dimension{with: func(r Request, s sample) Request {
		r.Headers = added(r.Headers, name, s)
		return r
	}}
	words := words{texts: []string{"zz", ""}}
	for _, condition := range conditions {
		d.ask(condition)
		words.about(condition.GetStringMatch())
	}
	d.samples = append(words.samples(anything), sample{})
	return d
}

func query(name string, conditions []*routev3.QueryParameterMatcher) *dimension {
	d := &dimension{with: func(r Request, s sample) Request {
		r.Query = added(r.Query, name, s)
		return r
	}}
	words := words{texts: []string{"zz", ""}}
	for _, condition := range conditions {
		d.holds = append(d.holds, func(s sample) bool { return matchesQuery(condition, s.text, s.has) })
		words.about(condition.GetStringMatch())
	}
	d.samples = append(words.samples(anything), sample{})
	return d
}

func (d *dimension) ask(condition *routev3.HeaderMatcher) {
	d.holds = append(d.holds, func(s sample) bool { return matchesHeader(condition, s.text, s.has) })
}

func anything(string) bool { return true }

func added(to map[string]string, name string, s sample) map[string]string {
	if !s.has {
		return to
	}
	all := maps.Clone(to)
	if all == nil {
		all = map[string]string{}
	}
	all[name] = s.text
	return all
}
