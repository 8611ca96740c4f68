package judge

import (
	"google.golang.org/protobuf/proto"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
)

// A traffic policy is second where istiod merged its DestinationRule with another, for
// the same workloads, and gave the clusters of the host the other's policy, which says
// something else [3.4].
var secondTrafficPolicy = &Judge{
	Rule:  rules.SecondTrafficPolicy,
	Place: func(f *rule.Finding) string { return f.Path },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		c.mergedFor(func(settled bool, p *istiod.Proxy, host string) {
			from := c.sourceOf(p, host, "")
			if !from.known() {
				return
			}
			for _, at := range p.Rules[host] {
				policy := c.destinationRule(at).GetTrafficPolicy()
				if policy == nil || from.by == at || !c.alike(from.by, at) {
					continue
				}
				if !proto.Equal(policy, c.destinationRule(from.by).GetTrafficPolicy()) {
					facts = append(facts, Fact{At: at, Place: "spec.trafficPolicy", Proxy: p, Unsettled: !settled})
				}
			}
		})
		return once(facts)
	},
}
