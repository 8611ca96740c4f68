package judge

import (
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	istioroute "istio.io/istio/pilot/pkg/networking/core/route"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/envoy"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A route is shadowed at a virtual host of a gateway where another VirtualService's stand
// before it: no request reaches it that would without them, or some would if the two had
// each other's age. Within one VirtualService a rule is, where no request of anybody
// reaches it though it would alone.
var shadowedRoute = &Judge{
	Rule:  rules.ShadowedRoute,
	Place: shadowedAt,
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, p := range c.Proxies {
			if p.Gateway {
				facts = append(facts, c.shadowed(p)...)
			}
		}
		reached := c.reached()
		for _, d := range c.delivered() {
			if !reached[d.name] && d.GetDelegate() == nil {
				facts = append(facts, c.deadWithin(d)...)
			}
		}
		return sure(facts)
	},
}

// shadowedAt is the virtual host and the match that a finding is about, or the rule
// within a VirtualService.
func shadowedAt(f *rule.Finding) string {
	path := strings.TrimPrefix(f.Path, "spec.")
	of, about, _ := strings.Cut(f.About, " ")
	if of == "within" {
		root, _, _ := strings.Cut(about, " ")
		return "within " + root + " " + path
	}
	return of + " " + path
}

// shadowed are the routes that are in the shadow of others' at a gateway.
func (c *Case) shadowed(p *istiod.Proxy) []Fact {
	var facts []Fact
	for _, at := range hosts(p) {
		if len(roots(at.Host)) < 2 {
			continue
		}
		facts = append(facts, c.open(p, at, matchesOf)...)
		for name, unsettled := range c.shadowedIn(p, at) {
			by, place := atMatch(name)
			for _, domain := range at.Host.GetDomains() {
				facts = append(facts, Fact{At: by, Place: domain + " " + place, Proxy: p, Unsettled: unsettled})
			}
		}
	}
	return facts
}

// matchesOf are all places of a rule at a virtual host.
func matchesOf(domain string, d delivered) []string {
	rule := fmt.Sprintf("%s http[%d]", domain, d.leaf().Rule)
	all := []string{rule}
	for i := range d.GetMatch() {
		all = append(all, fmt.Sprintf("%s.match[%d]", rule, i))
	}
	return all
}

// shadowedIn are the shadowed routes of a virtual host by name, and whether that is
// unsettled.
func (c *Case) shadowedIn(p *istiod.Proxy, at envoy.Place) map[string]bool {
	found := shadows{}
	requests := envoy.Requests(at)
	for _, root := range roots(at.Host) {
		for _, r := range unproveds(only(at.Host, root), requests) {
			found.add(r, false)
		}
		for rival, contested := range c.contested(at, root, requests, found) {
			c.traded(p, at, rival, root, contested, found)
		}
	}
	return found
}

// contested adds the routes of a VirtualService that no request reaches, and returns what
// others take of the requests of the rest.
func (c *Case) contested(at envoy.Place, root world.Ref, requests []envoy.Request, found shadows) map[world.Ref][]envoy.Request {
	alone, among := only(at.Host, root), besides(at.Host, root)
	reached := taking(among, requests)
	rivals := map[world.Ref][]envoy.Request{}
	for _, request := range requests {
		first, own := taker(among, request), taker(alone, request)
		by, is := rootOf(first)
		if !is || by == root || own == nil {
			continue
		}
		if differ, settled := c.differ(first, own); differ && !reached[own.GetName()] {
			found.add(own, settled && c.overcast(own, among.GetRoutes(), requests) && !refused(at) && !unproved(first, own))
		} else if differ {
			rivals[by] = append(rivals[by], request)
		}
	}
	return rivals
}

// overcast reports whether one of some routes, and not several together, takes all requests
// that another asks for, and does something else with them.
func (c *Case) overcast(own *routev3.Route, among []*routev3.Route, requests []envoy.Request) bool {
	return slices.ContainsFunc(among, func(r *routev3.Route) bool {
		otherwise, _ := c.differ(r, own)
		return r != own && otherwise && covered(own, r, requests)
	})
}

// unproveds are the routes of a virtual host that no request takes, though no other one
// takes all of theirs: several do together.
func unproveds(host *routev3.VirtualHost, requests []envoy.Request) []*routev3.Route {
	taken := taking(host, requests)
	var dead []*routev3.Route
	for i, route := range host.GetRoutes() {
		covers := func(other *routev3.Route) bool { return covered(route, other, requests) }
		if !taken[route.GetName()] && !slices.ContainsFunc(host.GetRoutes()[:i], covers) {
			dead = append(dead, route)
		}
	}
	return dead
}

// covered reports whether a route takes all of some requests that another asks for.
func covered(route, by *routev3.Route, requests []envoy.Request) bool {
	return !slices.ContainsFunc(requests, func(r envoy.Request) bool {
		return envoy.Matches(route.GetMatch(), r) && !envoy.Matches(by.GetMatch(), r)
	})
}

// taking are the names of the routes of a virtual host that any of some requests take.
func taking(host *routev3.VirtualHost, requests []envoy.Request) map[string]bool {
	names := map[string]bool{}
	for _, request := range requests {
		names[taker(host, request).GetName()] = true
	}
	return names
}

// shadows are routes by name, and whether it is unsettled that they are shadowed.
type shadows map[string]bool

func (s shadows) add(r *routev3.Route, settled bool) {
	unsettled, known := s[r.GetName()]
	s[r.GetName()] = !settled && (unsettled || !known)
}

// traded adds the routes of a VirtualService that some requests would take if it had the
// age of the one whose routes they take.
func (c *Case) traded(p *istiod.Proxy, at envoy.Place, winner, loser world.Ref, contested []envoy.Request, found shadows) {
	for _, w := range c.trades(p, winner, loser) {
		then := besides(sameHost(c.instead(p, w), at).Host, loser)
		for _, request := range contested {
			takes := taker(then, request)
			if by, _ := rootOf(takes); by != loser {
				continue
			}
			first := taker(besides(at.Host, loser), request)
			if differ, settled := c.differ(takes, first); differ {
				found.add(takes, settled && !refused(at) && !unproved(first, takes))
			}
		}
	}
}

// unproved reports whether an expression says which requests two routes have in common.
// A rule only tries texts on it.
func unproved(first, other *routev3.Route) bool {
	return expressive(first.GetMatch()) || expressive(other.GetMatch())
}

func expressive(match *routev3.RouteMatch) bool {
	by := func(regex string) bool { return regex != "" && regex != ".*" }
	return by(match.GetSafeRegex().GetRegex()) ||
		slices.ContainsFunc(match.GetHeaders(), func(h *routev3.HeaderMatcher) bool {
			return by(h.GetStringMatch().GetSafeRegex().GetRegex())
		}) ||
		slices.ContainsFunc(match.GetQueryParameters(), func(q *routev3.QueryParameterMatcher) bool {
			return by(q.GetStringMatch().GetSafeRegex().GetRegex())
		})
}

// besides is a virtual host without the catch-alls of other VirtualServices than one,
// which stand last: several-catch-alls tells of these.
func besides(host *routev3.VirtualHost, root world.Ref) *routev3.VirtualHost {
	var routes []*routev3.Route
	for _, r := range host.GetRoutes() {
		if by, _ := rootOf(r); by == root || !istioroute.IsCatchAllRoute(r) {
			routes = append(routes, r)
		}
	}
	return &routev3.VirtualHost{Name: host.GetName(), Domains: host.GetDomains(), Routes: routes}
}

// reached are the names of the rules that any request of any proxy reaches.
func (c *Case) reached() map[string]bool {
	reached := map[string]bool{}
	for _, p := range c.Proxies {
		for _, at := range hosts(p) {
			for _, request := range envoy.Requests(at) {
				reached[ruleOf(taker(at.Host, request).GetName())] = true
			}
		}
	}
	return reached
}

// deadWithin is a fact for each proxy that would be given a rule, were it alone in its
// VirtualService, where others of that take all its requests from each of them. The pods
// of a gateway may have more labels than anyone can know. Where nobody can prove for one
// proxy that it is dead, nobody can for it as a whole.
func (c *Case) deadWithin(d delivered) []Fact {
	var facts []Fact
	proved := true
	alone := c.Instead(c.alone(d))
	for i, p := range c.Proxies {
		dead, differs, settled := c.buried(p, alone.Proxies[i], d)
		if !dead {
			return nil
		}
		proved = proved && settled
		if differs {
			place := fmt.Sprintf("within %s/%s http[%d]", d.root().Namespace, d.root().Name, d.leaf().Rule)
			unsettled := !settled || p.Gateway && slices.ContainsFunc(d.GetMatch(), labeled)
			facts = append(facts, Fact{At: d.leaf().By, Place: place, Proxy: p, Unsettled: unsettled})
		}
	}
	if !proved {
		return unsettled(facts)
	}
	return facts
}

func labeled(m *networking.HTTPMatchRequest) bool { return len(m.GetSourceLabels()) > 0 }

// buried reports whether no request of a proxy reaches a rule, whether the one that takes
// the last of them does something else, and whether that is settled: Envoy accepts the
// tables in question, each match has one route before it that takes all it asks for, and
// that is an earlier rule, and not a later one that another Gateway puts first; and it does
// something else in each of them.
func (c *Case) buried(p, alone *istiod.Proxy, d delivered) (dead, differs, settled bool) {
	settled = true
	alike := false
	for _, then := range hosts(alone) {
		own := renamed(only(then.Host, d.root()), d.name)
		now := sameHost(p, then)
		before := only(now.Host, d.root())
		if len(own.GetRoutes()) == 0 || len(before.GetRoutes()) == 0 || c.unused(p, then) {
			continue // not given to the proxy, or the host is another's
		}
		requests := slices.DeleteFunc(envoy.Requests(now, then), func(r envoy.Request) bool { return taker(own, r) == nil })
		last := lastTaker(before.GetRoutes(), requests)
		if last == nil || anyTakes(requests, before, d.name) {
			return false, false, false
		}
		settled = settled && c.sound(p, then, now) && c.eachCovered(own.GetRoutes(), earlierThan(d, before.GetRoutes()), requests)
		otherwise := c.otherwise(last, before, own, requests)
		differs, alike = differs || otherwise, alike || !otherwise
	}
	return true, differs, settled && !alike
}

// sound reports whether Envoy accepts a table, and a sidecar has it for the sake of its host.
func (c *Case) sound(p *istiod.Proxy, then, now envoy.Place) bool {
	return !refused(now) && !c.borrowed(p, &istiod.Route{Table: then.Table, Host: then.Host})
}

// otherwise reports whether a route that takes some requests certainly does something else
// with any than the rule's own routes would.
func (c *Case) otherwise(last *routev3.Route, before, own *routev3.VirtualHost, requests []envoy.Request) bool {
	return slices.ContainsFunc(requests, func(r envoy.Request) bool {
		differ, settled := c.differ(last, taker(own, r))
		return taker(before, r) == last && differ && settled
	})
}

// anyTakes reports whether any of some requests takes a route of a rule.
func anyTakes(requests []envoy.Request, host *routev3.VirtualHost, rule string) bool {
	return slices.ContainsFunc(requests, func(r envoy.Request) bool { return ruleOf(taker(host, r).GetName()) == rule })
}

// earlierThan are the routes before the first one of a rule, of rules before it.
func earlierThan(d delivered, routes []*routev3.Route) []*routev3.Route {
	at := slices.IndexFunc(routes, func(r *routev3.Route) bool { return ruleOf(r.GetName()) == d.name })
	if at < 0 {
		at = len(routes)
	}
	return slices.DeleteFunc(slices.Clone(routes[:at]), func(r *routev3.Route) bool {
		return istiod.Origins(ruleOf(r.GetName()))[0].Rule > d.origins[0].Rule
	})
}

// renamed is a virtual host with routes that have the name of a rule.
func renamed(host *routev3.VirtualHost, name string) *routev3.VirtualHost {
	for i, route := range host.GetRoutes() {
		host.Routes[i] = proto.CloneOf(route)
		host.Routes[i].Name = name
	}
	return host
}

// eachCovered reports whether each of some routes has requests, and there is one of
// others that takes them all and does something else with them.
func (c *Case) eachCovered(routes, by []*routev3.Route, requests []envoy.Request) bool {
	for _, route := range routes {
		asks := func(r envoy.Request) bool { return envoy.Matches(route.GetMatch(), r) }
		covers := func(other *routev3.Route) bool {
			differ, _ := c.differ(other, route)
			return differ && !unproved(other, route) && covered(route, other, requests)
		}
		if !slices.ContainsFunc(requests, asks) || !slices.ContainsFunc(by, covers) {
			return false
		}
	}
	return true
}

// lastTaker is the route that takes the last of some requests, nil where some are left.
func lastTaker(routes []*routev3.Route, requests []envoy.Request) *routev3.Route {
	left := slices.Clone(requests)
	for _, route := range routes {
		left = slices.DeleteFunc(left, func(r envoy.Request) bool { return envoy.Matches(route.GetMatch(), r) })
		if len(left) == 0 {
			return route
		}
	}
	return nil
}

// ruleOf is the name of the rule that a route came from.
func ruleOf(name string) string {
	name, _, _ = strings.Cut(name, ".m")
	return name
}

// root and leaf are the same rule's for one that is not delegated.
func (d delivered) root() world.Ref     { return d.origins[0].By }
func (d delivered) leaf() istiod.Origin { return d.origins[len(d.origins)-1] }
