package judge

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/world"
)

// Weights are all 0 where a proxy is given a route with several destinations that Envoy
// does not accept, and where istiod panics for a proxy over the weights of a TCP or TLS
// rule, were they the only ones.
var zeroWeights = &Judge{
	Rule:   rules.ZeroWeights,
	Place:  atRoute,
	Panics: true,
	Facts:  func(c *Case) []Fact { return sure(c.nearby(append(c.panics(), eitherWay(c.World, c.unaccepted)...))) },
}

// unaccepted are the facts about http rules.
func (c *Case) unaccepted(w *world.World) []Fact {
	weightless := func(d delivered) bool { return len(d.GetRoute()) > 1 && weightOf(d.GetRoute()) == 0 }
	if !slices.ContainsFunc(c.delivered(), weightless) {
		return nil
	}
	out := c.Instead(weighted(w, place{}))
	var facts []Fact
	for i, p := range out.Proxies {
		for _, r := range out.Routes(p) {
			if r.Route.ValidateAll() != nil && len(r.Merged.GetRoute()) > 1 && weightOf(r.Merged.GetRoute()) == 0 {
				last := r.Origins[len(r.Origins)-1]
				facts = append(facts, Fact{At: last.By, Place: fmt.Sprintf("http[%d]", last.Rule), Proxy: c.Proxies[i]})
			}
		}
	}
	return facts
}

// panics are the facts about the rules for streams. Where istiod panics over something
// else, nobody can say.
func (c *Case) panics() []Fact {
	var facts []Fact
	if !c.Panics() {
		return nil
	}
	without := c.Instead(weighted(c.World, place{}))
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		for rule := range streamRules(&vs.Spec) {
			at := place{world.RefOf(vs), rule}
			with := c.Instead(weighted(c.World, at))
			for i, p := range c.Proxies {
				if with.Proxies[i].Panic != "" {
					facts = append(facts, Fact{At: at.At, Place: at.Place, Proxy: p, Unsettled: without.Proxies[i].Panic != ""})
				}
			}
		}
	}
	return facts
}

// weighted is the world in which the rules for streams that share traffic out by nothing
// do it by something, but for one.
func weighted(w *world.World, but place) *world.World {
	for _, vs := range world.All[*networkingv1.VirtualService](w) {
		at := world.RefOf(vs)
		w = withRoute(w, at, func(spec *networking.VirtualService) {
			for rule, to := range streamRules(spec) {
				if (place{at, rule}) != but && len(to) > 1 && weightOf(to) == 0 {
					to[0].Weight = 1
				}
			}
		})
	}
	return w
}

// weightOf is the sum of the weights of some destinations.
func weightOf[T interface{ GetWeight() int32 }](to []T) (sum int32) {
	for _, d := range to {
		sum += d.GetWeight()
	}
	return sum
}

// streamRules are the destinations of the TCP and TLS rules, by their places.
func streamRules(vs *networking.VirtualService) map[string][]*networking.RouteDestination {
	all := map[string][]*networking.RouteDestination{}
	for i, rule := range vs.GetTcp() {
		all[fmt.Sprintf("tcp[%d]", i)] = rule.GetRoute()
	}
	for i, rule := range vs.GetTls() {
		all[fmt.Sprintf("tls[%d]", i)] = rule.GetRoute()
	}
	return all
}
