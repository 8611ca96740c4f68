package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A delegate is broken for whoever would be given the delegating rule if it answered by
// itself: all of it, where none of its rules comes through even without conditions; else
// each of its rules that does not, or that comes through without a destination.
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
	var at []Fact
	leaf := world.Ref{Kind: from.By.Kind, Namespace: to.GetNamespace(), Name: to.GetName()}
	if leaf.Namespace == "" {
		leaf.Namespace = from.By.Namespace
	}
	if !c.comesThrough(from, leaf) {
		at = append(at, Fact{At: from.By, Place: fmt.Sprintf("http[%d]", from.Rule)})
	} else {
		for _, i := range c.failing(from, leaf) {
			at = append(at, Fact{At: leaf, Place: fmt.Sprintf("http[%d] of %s/%s", i, from.By.Namespace, from.By.Name)})
		}
	}
	if len(at) == 0 {
		return nil
	}
	given := func(w *world.World) []Fact {
		var facts []Fact
		for _, p := range c.givenInstead(w, from) {
			for _, fact := range at {
				fact.Proxy = p
				facts = append(facts, fact)
			}
		}
		return facts
	}
	return append(eitherWay(c.World, given), unsettled(given(c.spared(c.World, from.By)))...)
}

// comesThrough reports whether istiod takes a VirtualService for the delegate of a rule,
// whatever conditions the rule has.
func (c *Case) comesThrough(from istiod.Origin, leaf world.Ref) bool {
	then := c.Instead(withRoute(c.World, from.By, func(spec *networking.VirtualService) { spec.Http[from.Rule].Match = nil }))
	return len(merged(then, from, leaf)) > 0
}

// failing are the rules of a delegate that do not come through, or lead nowhere.
func (c *Case) failing(from istiod.Origin, leaf world.Ref) []int {
	var failing []int
	through := merged(c.Output, from, leaf)
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		if world.RefOf(vs) != leaf {
			continue
		}
		for i := range vs.Spec.GetHttp() {
			if http := through[i]; http == nil || http.GetDelegate() != nil {
				failing = append(failing, i)
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

// givenInstead are the proxies that would be given a rule if it answered by itself.
func (c *Case) givenInstead(w *world.World, from istiod.Origin) []*istiod.Proxy {
	then := c.Instead(withRoute(w, from.By, func(spec *networking.VirtualService) {
		http := spec.Http[from.Rule]
		http.Delegate, http.Redirect, http.DirectResponse = nil, nil, &networking.HTTPDirectResponse{Status: 503}
	}))
	var given []*istiod.Proxy
	for i, p := range then.Proxies {
		called := func(r istiod.Route) bool {
			return len(r.Origins) == 1 && r.Origins[0] == from && !stray(p, &r)
		}
		if slices.ContainsFunc(then.Routes(p), called) {
			given = append(given, c.Proxies[i])
		}
	}
	return given
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
