package judge

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A subset is a duplicate where istiod merged its DestinationRule with another, for the
// same workloads, and made the cluster of that name from the other's definition, which
// says something else [3.4].
var duplicateSubset = &Judge{
	Rule:  rules.DuplicateSubset,
	Place: func(f *rule.Finding) string { return f.Path },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		c.mergedFor(func(settled bool, p *istiod.Proxy, host string) {
			for _, at := range p.Rules[host] {
				for i, subset := range c.destinationRule(at).GetSubsets() {
					lost, certain := c.definedElsewhere(p, host, at, subset)
					if lost {
						place := fmt.Sprintf("spec.subsets[%d].name", i)
						facts = append(facts, Fact{At: at, Place: place, Proxy: p, Unsettled: !settled || !certain})
					}
				}
			}
		})
		return once(facts)
	},
}

// definedElsewhere reports whether a proxy has a subset by another definition than the
// one of a DestinationRule that it was given. It is not certain where no definition gave
// a cluster: istiod leaves out what has no endpoint [5].
func (c *Case) definedElsewhere(p *istiod.Proxy, host string, at world.Ref, subset *networking.Subset) (lost, certain bool) {
	from := c.sourceOf(p, host, subset.GetName())
	if !from.made {
		for _, by := range p.Rules[host] {
			lost = lost || by != at && c.alike(by, at) && c.subset(by, subset.GetName()) != nil
		}
		return lost, false
	}
	if !from.known() || from.by == at || !c.alike(from.by, at) {
		return false, true
	}
	return !proto.Equal(c.subset(from.by, subset.GetName()), subset), true
}
