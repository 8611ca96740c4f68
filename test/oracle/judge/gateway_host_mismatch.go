package judge

import (
	"fmt"
	"slices"
	"strings"

	"istio.io/istio/pkg/config/host"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
)

// A host has no server where istiod serves it at none of the gateways, whatever is
// routed to it, and would were the servers' hosts "*". One gateway is enough for a host,
// and one host for a VirtualService that is on the mesh, too.
var gatewayHostMismatch = &Judge{
	Rule:  rules.GatewayHostMismatch,
	Place: func(f *rule.Finding) string { return strings.TrimPrefix(f.Path, "spec.") },
	Facts: func(c *Case) []Fact {
		if c.Panics() {
			return nil
		}
		var facts []Fact
		for _, b := range c.bounds() {
			without := c.unadmitted(b)
			if b.mesh && len(without) < len(b.as.GetHosts()) {
				continue
			}
			for _, i := range without {
				facts = append(facts, c.unserved(b, i)...)
			}
		}
		return facts
	},
}

// unadmitted are the hosts of a VirtualService that no server of its gateways admits.
func (c *Case) unadmitted(b bound) []int {
	var without []int
	for i := range b.as.GetHosts() {
		if len(c.admitting(b, serversOf(b.gateways...), i)) == 0 {
			without = append(without, i)
		}
	}
	return without
}

// admitting are those of some servers that let a VirtualService serve one of its hosts.
func (c *Case) admitting(b bound, servers []istiod.ServerRef, i int) []istiod.ServerRef {
	var admit []istiod.ServerRef
	for _, server := range servers {
		if slices.ContainsFunc(c.Proxies, func(p *istiod.Proxy) bool { return c.probed().admitted(server, b, i, p.Proxy) }) {
			admit = append(admit, server)
		}
	}
	return admit
}

// unserved are the facts about a host that nothing admits. Where no server would act on
// any route, it does not matter what the hosts are.
func (c *Case) unserved(b bound, i int) []Fact {
	var facts []Fact
	for _, p := range c.serving(b.gateways...) {
		if c.serves(p, b, b.as.GetHosts()[i]) {
			continue
		}
		acts := func(s istiod.ServerRef) bool { return len(c.probed().acted(s, p.Proxy)) > 0 }
		facts = append(facts, Fact{
			At:        b.ref(),
			Place:     fmt.Sprintf("hosts[%d]", i),
			Proxy:     p,
			Unsettled: !slices.ContainsFunc(serversOf(b.gateways...), acts),
		})
	}
	return facts
}

// serves reports whether a proxy has routes of a VirtualService for one of its hosts.
func (c *Case) serves(p *istiod.Proxy, b bound, of string) bool {
	of = strings.ToLower(of)
	return slices.ContainsFunc(c.Routes(p), func(r istiod.Route) bool {
		below := func(domain string) bool { return host.Name(domain).SubsetOf(host.Name(of)) }
		return r.Origins[0].By == b.ref() && slices.ContainsFunc(r.Host.GetDomains(), below)
	})
}
