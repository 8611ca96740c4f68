package judge

import (
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
)

// The routes of a section are for another protocol where istiod takes the section's
// routes at none of the servers that admit the VirtualService. Rules for the mesh, too,
// are not in vain.
var gatewayProtocolMismatch = &Judge{
	Rule:  rules.GatewayProtocolMismatch,
	Place: func(f *rule.Finding) string { return f.About },
	Facts: func(c *Case) []Fact {
		if c.Panics() {
			return nil
		}
		var facts []Fact
		for _, b := range c.bounds() {
			for _, s := range []section{sectionHTTP, sectionTCP, sectionTLS} {
				facts = append(facts, c.ignored(b, s)...)
			}
		}
		return facts
	},
}

// ignored are the facts about the first rule of a section that no gateway acts on.
func (c *Case) ignored(b bound, of section) []Fact {
	for i, names := range ruleGateways(b, of) {
		gateways := slices.DeleteFunc(slices.Clone(b.gateways), func(gw *networkingv1.Gateway) bool {
			return !slices.Contains(names, gw.Namespace+"/"+gw.Name)
		})
		servers := slices.DeleteFunc(serversOf(gateways...), func(s istiod.ServerRef) bool {
			return !c.admits(b, s)
		})
		if len(servers) == 0 || slices.ContainsFunc(servers, func(s istiod.ServerRef) bool { return c.takes(s, of) }) {
			continue
		}
		var facts []Fact
		for _, p := range c.serving(gateways...) {
			taken := func(r istiod.Route) bool {
				return of == sectionHTTP && r.Origins[0] == istiod.Origin{By: b.ref(), Rule: i}
			}
			if !slices.ContainsFunc(c.Routes(p), taken) {
				facts = append(facts, Fact{At: b.ref(), Place: string(of), Proxy: p})
			}
		}
		return facts
	}
	return nil
}

// admits reports whether a server admits any host of a VirtualService.
func (c *Case) admits(b bound, server istiod.ServerRef) bool {
	for i := range b.as.GetHosts() {
		if len(c.admitting(b, []istiod.ServerRef{server}, i)) > 0 {
			return true
		}
	}
	return false
}

// takes reports whether istiod takes routes of a section at a server.
func (c *Case) takes(server istiod.ServerRef, of section) bool {
	return slices.ContainsFunc(c.Proxies, func(p *istiod.Proxy) bool { return c.probed().acted(server, p.Proxy)[of] })
}

// ruleGateways are the gateways of each rule of a section: none where the rule is for
// the mesh as well.
func ruleGateways(b bound, of section) [][]string {
	var all [][]string
	switch of {
	case sectionHTTP:
		for _, rule := range b.as.GetHttp() {
			all = append(all, matchGateways(b, rule.GetMatch()))
		}
	case sectionTCP:
		for _, rule := range b.as.GetTcp() {
			all = append(all, matchGateways(b, rule.GetMatch()))
		}
	case sectionTLS:
		for _, rule := range b.as.GetTls() {
			all = append(all, matchGateways(b, rule.GetMatch()))
		}
	}
	return all
}

// matchGateways are the gateways that the matches of a rule name, or all of the
// VirtualService where one names none.
func matchGateways[M interface{ GetGateways() []string }](b bound, matches []M) []string {
	var named []string
	for _, match := range matches {
		of := match.GetGateways()
		if len(of) == 0 {
			of = b.as.GetGateways()
		}
		named = append(named, of...)
	}
	if len(matches) == 0 {
		named = b.as.GetGateways()
	}
	if b.mesh && slices.Contains(named, "mesh") {
		return nil
	}
	return named
}
