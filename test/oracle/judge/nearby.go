package judge

import "slices"

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

// sure leaves those facts open that are about pods of which nobody knows where they run.
func sure(facts []Fact) []Fact {
	for i := range facts {
		facts[i].Unsettled = facts[i].Unsettled || !facts[i].Proxy.Known
	}
	return facts
}
