package judge

import (
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// nearby adds for each fact that of the other sidecars of its namespace, unsettled: where
// sourceLabels choose among them, a rule names the namespace.
func (c *Case) nearby(facts []Fact) []Fact {
	all := slices.Clone(facts)
	for _, fact := range facts {
		for _, p := range c.Proxies {
			if near := fact; !fact.Proxy.Gateway && !p.Gateway && p.Namespace == fact.Proxy.Namespace && p != fact.Proxy {
				near.Proxy, near.Unsettled = p, true
				all = append(all, near)
			}
		}
	}
	return all
}

// around is a fact about a destination, with those of the other sidecars of its namespace,
// unsettled, where no workloadSelector for the host tells them apart: a rule that judges
// the host names the namespace.
func (c *Case) around(fact Fact, host string) []Fact {
	told := slices.ContainsFunc(world.All[*networkingv1.DestinationRule](c.World), func(dr *networkingv1.DestinationRule) bool {
		of := dr.Spec.GetHost()
		if !strings.Contains(of, ".") && of != "*" {
			of += "." + dr.Namespace + ".svc.cluster.local"
		}
		return dr.Namespace == fact.Proxy.Namespace && len(dr.Spec.GetWorkloadSelector().GetMatchLabels()) > 0 && (of == host || within(host, of))
	})
	if told {
		return []Fact{fact}
	}
	return c.nearby([]Fact{fact})
}

// sure leaves those facts open that are about pods of which nobody knows where they run.
func sure(facts []Fact) []Fact {
	for i := range facts {
		facts[i].Unsettled = facts[i].Unsettled || !facts[i].Proxy.Known
	}
	return facts
}
