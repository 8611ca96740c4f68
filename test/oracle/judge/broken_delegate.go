package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A delegate is broken for whoever would be given the delegating rule if it answered by
// itself: all of it, where none of its rules comes through even without conditions; else
// each of its rules that does not, or that comes through without a destination. Where
// every request is sent to HTTPS, nobody misses a rule, and only the last is harmful.
var brokenDelegate = &Judge{
	Rule:  rules.BrokenDelegate,
	Place: delegateAt,
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
			for i, http := range vs.Spec.GetHttp() {
				if http.GetDelegate() != nil && len(vs.Spec.GetHosts()) > 0 {
					from := istiod.Origin{By: world.RefOf(vs), Rule: i}
					facts = append(facts, c.delegated(from, http.GetDelegate())...)
				}
			}
		}
		return sure(c.nearby(facts))
	},
}

var rulePath = regexp.MustCompile(`^spec\.(http\[\d+\])`)

// delegateAt is the rule that delegates, or that of the delegate and whose it is.
func delegateAt(f *rule.Finding) string {
	at := rulePath.FindStringSubmatch(f.Path)[1]
	root, of, found := strings.Cut(f.About, " ")
	if !found || of == "" {
		return at
	}
	return at + " of " + root
}

// delegated are the facts about one rule that delegates.
func (c *Case) delegated(from istiod.Origin, to *networking.Delegate) []Fact {
	var at, refused []Fact
	leaf := world.Ref{Kind: from.By.Kind, Namespace: to.GetNamespace(), Name: to.GetName()}
	if leaf.Namespace == "" {
		leaf.Namespace = from.By.Namespace
	}
	if !c.comesThrough(from, leaf) {
		at = append(at, Fact{At: from.By, Place: fmt.Sprintf("http[%d]", from.Rule)})
	} else {
		for i, handedOut := range c.failing(from, leaf) {
			fact := Fact{At: leaf, Place: fmt.Sprintf("http[%d] of %s/%s", i, from.By.Namespace, from.By.Name)}
			if at = append(at, fact); handedOut {
				refused = append(refused, fact)
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	given := func(w *world.World) []Fact {
		taken, redirected := c.givenInstead(w, from)
		return slices.Concat(forAll(at, taken), forAll(refused, redirected), unsettled(forAll(at, redirected)))
	}
	return append(eitherWay(c.World, given), unsettled(given(c.spared(c.World, from.By)))...)
}

// forAll are facts for each of some proxies.
func forAll(facts []Fact, proxies []*istiod.Proxy) []Fact {
	var all []Fact
	for _, p := range proxies {
		for _, fact := range facts {
			fact.Proxy = p
			all = append(all, fact)
		}
	}
	return all
}

// comesThrough reports whether istiod takes a VirtualService for the delegate of a rule,
// whatever conditions the rule has.
func (c *Case) comesThrough(from istiod.Origin, leaf world.Ref) bool {
	then := c.Instead(withRoute(c.World, from.By, func(spec *networking.VirtualService) { spec.Http[from.Rule].Match = nil }))
	return len(merged(then, from, leaf)) > 0
}

// failing are the rules of a delegate that do not come through, or lead nowhere, and
// whether istiod hands them out.
func (c *Case) failing(from istiod.Origin, leaf world.Ref) map[int]bool {
	failing := map[int]bool{}
	through := merged(c.Output, from, leaf)
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		if world.RefOf(vs) != leaf {
			continue
		}
		for i := range vs.Spec.GetHttp() {
			if http := through[i]; http == nil || http.GetDelegate() != nil {
				failing[i] = http != nil
			}
		}
	}
	return failing
}

// merged are the rules of a delegate that stand in the place of a rule, by their own.
func merged(out *istiod.Output, from istiod.Origin, leaf world.Ref) map[int]*networking.HTTPRoute {
	rules := map[int]*networking.HTTPRoute{}
	for _, vs := range out.Merged {
		for _, http := range vs.Spec.(*networking.VirtualService).GetHttp() {
			if origins := istiod.Origins(http.GetName()); len(origins) == 2 && origins[0] == from && origins[1].By == leaf {
				rules[origins[1].Rule] = http
			}
		}
	}
	return rules
}

// givenInstead are the proxies that would be given a rule if it answered by itself: those
// where requests take it, and those where they are all sent to HTTPS.
func (c *Case) givenInstead(w *world.World, from istiod.Origin) (taken, redirected []*istiod.Proxy) {
	then := c.Instead(withRoute(w, from.By, func(spec *networking.VirtualService) {
		http := spec.Http[from.Rule]
		http.Delegate, http.Redirect, http.DirectResponse = nil, nil, &networking.HTTPDirectResponse{Status: 503}
	}))
	for i, p := range then.Proxies {
		called := slices.DeleteFunc(then.Routes(p), func(r istiod.Route) bool {
			return len(r.Origins) != 1 || r.Origins[0] != from || c.stray(p, &r)
		})
		redirects := func(r istiod.Route) bool { return r.Host.GetRequireTls() != routev3.VirtualHost_NONE }
		switch {
		case len(called) == 0:
		case slices.ContainsFunc(called, func(r istiod.Route) bool { return !redirects(r) }):
			taken = append(taken, c.Proxies[i])
		default:
			redirected = append(redirected, c.Proxies[i])
		}
	}
	return taken, redirected
}

// spared is the world in which the rules that delegate to one that delegates again are
// not there but in name: what stands behind them is not handed out, with a table that
// Envoy does not accept.
func (c *Case) spared(w *world.World, root world.Ref) *world.World {
	return withRoute(w, root, func(spec *networking.VirtualService) {
		for _, d := range c.delivered() {
			if d.root() == root && len(d.origins) > 1 && d.GetDelegate() != nil {
				spec.Http[d.origins[0].Rule].Match = []*networking.HTTPMatchRequest{{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "/spared"}}}}
			}
		}
	})
}
