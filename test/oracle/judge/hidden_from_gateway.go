package judge

import (
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A VirtualService is hidden from a Gateway where istiod serves it at none of its pods,
// although they have a server that admits it and acts on its routes.
var hiddenFromGateway = &Judge{
	Rule:  rules.HiddenFromGateway,
	Place: func(f *rule.Finding) string { return f.About },
	Facts: func(c *Case) []Fact {
		if c.Panics() {
			return nil
		}
		var facts []Fact
		for _, b := range c.bounds() {
			for _, gw := range b.gateways {
				facts = append(facts, c.hidden(b, gw)...)
			}
		}
		return facts
	},
}

// hidden are the facts about one VirtualService and Gateway. It is not proved where no
// Service says where the pods run, nor where only some pods are not given it.
func (c *Case) hidden(b bound, gw *networkingv1.Gateway) []Fact {
	pods := c.serving(gw)
	known := slices.DeleteFunc(slices.Clone(pods), func(p *istiod.Proxy) bool { return !c.fronted(p, gw) })
	given := func(p *istiod.Proxy) bool { return c.probed().seen(gw, b, p.Proxy) }
	proved := len(known) > 0 && !slices.ContainsFunc(known, given)
	var facts []Fact
	for _, p := range pods {
		if given(p) {
			continue
		}
		facts = append(facts, Fact{
			At:        b.ref(),
			Place:     gw.Namespace + "/" + gw.Name,
			Proxy:     p,
			Unsettled: !proved || !c.fronted(p, gw),
		})
	}
	return facts
}

// fronted reports whether a Service is in front of the pods of a Gateway.
func (c *Case) fronted(p *istiod.Proxy, gw *networkingv1.Gateway) bool {
	return slices.ContainsFunc(world.All[*corev1.Service](c.World), func(s *corev1.Service) bool {
		return s.Namespace == p.Namespace && len(gw.Spec.GetSelector()) > 0 &&
			labels.SelectorFromSet(gw.Spec.GetSelector()).Matches(labels.Set(s.Spec.Selector))
	})
}
