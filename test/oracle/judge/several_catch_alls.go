package judge

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	istioroute "istio.io/istio/pilot/pkg/networking/core/route"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/envoy"
	"github.com/meshward/meshward/test/oracle/istiod"
)

// Of several catch-alls of a virtual host the first takes everything: those of other
// VirtualServices are dead, and that shows where they do something else.
var severalCatchAlls = &Judge{
	Rule:  rules.SeveralCatchAlls,
	Place: func(f *rule.Finding) string { return f.About },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, p := range c.Proxies {
			for _, at := range hosts(p) {
				if p.Gateway {
					facts = append(facts, c.deadCatchAlls(p, at)...)
				}
			}
		}
		return sure(facts)
	},
}

func (c *Case) deadCatchAlls(p *istiod.Proxy, at envoy.Place) []Fact {
	facts := c.open(p, at, func(domain string, d delivered) []string {
		return []string{domain + " of " + d.root().Namespace + "/" + d.root().Name}
	})
	var first *routev3.Route
	for _, r := range at.Host.GetRoutes() {
		if !istioroute.IsCatchAllRoute(r) {
			continue
		}
		if first == nil {
			first = r
		}
		winner, _ := rootOf(first)
		root, is := rootOf(r)
		differ, settled := c.differ(r, first)
		if !is || root == winner || !differ {
			continue
		}
		by, _ := atMatch(r.GetName())
		for _, domain := range at.Host.GetDomains() {
			facts = append(facts, Fact{
				At:        by,
				Place:     domain + " of " + root.Namespace + "/" + root.Name,
				Proxy:     p,
				Unsettled: !settled || refused(at),
			})
		}
	}
	return facts
}
