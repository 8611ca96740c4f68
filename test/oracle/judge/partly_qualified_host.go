package judge

import (
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A host is qualified in part where something names what nothing is called, and istiod
// would do more for a proxy were the name written out: a route would lead to the
// Service, a DestinationRule be in effect, the routes of a VirtualService be taken. Those
// that are still taken by clients that write just that name are told of by a warning.
var partlyQualifiedHost = &Judge{
	Rule: rules.PartlyQualifiedHost,
	Place: func(f *rule.Finding) string {
		if f.Path == "spec.hosts" {
			return claimPlace(f.About, f.Severity == rule.Warning)
		}
		return f.About
	},
	Facts: func(c *Case) []Fact {
		if c.Panics() {
			return nil
		}
		return slices.Concat(c.partlyQualifiedDestinations(), c.partlyQualifiedRules(), c.partlyQualifiedClaims())
	},
}

func claimPlace(host string, narrowed bool) string {
	if narrowed {
		return host + " (narrowed)"
	}
	return host + " (ignored)"
}

// meant is the host of the Service that a spelling stands for, and whether there is one
// while nothing has the spelling for its name.
func (c *Case) meant(spelling string) (string, bool) {
	if c.declared(spelling) {
		return "", false
	}
	for _, service := range world.All[*corev1.Service](c.World) {
		short := service.Name + "." + service.Namespace
		if spelling == short || spelling == short+".svc" {
			return short + ".svc.cluster.local", true
		}
	}
	for _, end := range []string{".svc.cluster.local", ".cluster.local"} {
		full := spelling + end
		if parts := strings.Split(full, "."); len(parts) == 5 && parts[2] == "svc" && c.named(full) {
			return full, true
		}
	}
	return "", false
}

// named reports whether a ServiceEntry has a host, whoever sees it.
func (c *Case) named(host string) bool {
	return slices.ContainsFunc(world.All[*networkingv1.ServiceEntry](c.World), func(se *networkingv1.ServiceEntry) bool {
		return slices.Contains(se.Spec.GetHosts(), host)
	})
}

// partlyQualifiedDestinations are the routes that lead nowhere for how they are written.
// Of an object that fails, no mirror has to be told as well.
func (c *Case) partlyQualifiedDestinations() []Fact {
	var facts []Fact
	for _, lost := range c.lost() {
		if _, ok := c.meant(lost.Host); !ok || !lost.NoHost {
			continue
		}
		fails := func(o Lost) bool { return !o.Mirror && o.At == lost.At && o.Host == lost.Host }
		fact := Fact{
			At:        lost.At,
			Place:     lost.Host,
			Proxy:     lost.Proxy,
			Unsettled: lost.Redirected || lost.Borrowed || lost.Mirror && slices.ContainsFunc(c.lost(), fails),
		}
		facts = append(facts, c.around(fact, lost.Host)...)
	}
	return facts
}

// partlyQualifiedRules are the DestinationRules that would be in effect for the Service.
// They are in effect for nobody as they are, so to tell more viewpoints is right as well;
// gateways need not be told of: which of them use the Service is for their routes to say.
func (c *Case) partlyQualifiedRules() []Fact {
	var facts []Fact
	for _, dr := range world.All[*networkingv1.DestinationRule](c.World) {
		full, ok := c.meant(dr.Spec.GetHost())
		if !ok {
			continue
		}
		whole := world.Clone(dr)
		whole.Spec.Host = full
		instead := c.Instead(c.World.With(whole))
		for i, p := range c.Proxies {
			fact := Fact{At: world.RefOf(dr), Place: dr.Spec.GetHost(), Proxy: p}
			fact.Unsettled = p.Gateway || !slices.Contains(instead.Proxies[i].Rules[full], fact.At)
			facts = append(facts, fact)
		}
	}
	return facts
}

// partlyQualifiedClaims are the VirtualServices on the mesh whose routes clients of the
// Service would take, but for those that list the full name as well.
func (c *Case) partlyQualifiedClaims() []Fact {
	var facts []Fact
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		as := istiod.Resolved(vs)
		if len(as.GetGateways()) > 0 && !slices.Contains(as.GetGateways(), "mesh") {
			continue
		}
		for i, spelling := range as.GetHosts() {
			full, ok := c.meant(spelling)
			if !ok || slices.Contains(as.GetHosts(), full) {
				continue
			}
			whole := world.Clone(vs)
			whole.Spec.Hosts[i] = full
			facts = append(facts, c.nearby(c.passed(vs, whole, spelling, full))...)
		}
	}
	return facts
}

// passed are the facts about clients that a VirtualService would serve if its host were
// written out, told apart by what they would take were there no other VirtualService
// [4.3]. Where another one would keep it from them even then, both telling and not
// telling is right.
func (c *Case) passed(vs, whole *networkingv1.VirtualService, spelling, full string) []Fact {
	by := world.RefOf(vs)
	var others []world.Ref
	for _, other := range world.All[*networkingv1.VirtualService](c.World) {
		if len(other.Spec.GetHosts()) > 0 { // else it is a delegate
			others = append(others, world.RefOf(other))
		}
	}
	instead, alone := c.Instead(c.World.With(whole)), c.Instead(c.World.Without(others...).With(whole))
	asIs := c.Instead(c.World.Without(others...).With(vs))
	var facts []Fact
	for i, p := range c.Proxies {
		narrowed := slices.ContainsFunc(taken(asIs, asIs.Proxies[i], by, spelling), func(port int) bool { return p.Ports[full][port] })
		both := []Fact{
			{At: by, Place: claimPlace(spelling, true), Proxy: p, Unsettled: true},
			{At: by, Place: claimPlace(spelling, false), Proxy: p, Unsettled: true},
		}
		switch {
		case p.Gateway || p.Ports[full] == nil:
		case c.hides(p, full):
			if c.declarations(full) > 1 { // which of them counts is for istiod's caches to say
				facts = append(facts, both...)
			}
		case c.gains(p, instead, instead.Proxies[i], by, full):
			facts = append(facts, Fact{At: by, Place: claimPlace(spelling, narrowed), Proxy: p})
		case c.gains(p, alone, alone.Proxies[i], by, full):
			facts = append(facts, both...)
		}
	}
	return facts
}

// gains reports whether a proxy has more routes of a VirtualService in another world:
// HTTP routes for a host on the ports of its Service, or filter chains.
func (c *Case) gains(p *istiod.Proxy, instead *istiod.Output, at *istiod.Proxy, by world.Ref, full string) bool {
	chains := func(p *istiod.Proxy) (n int) {
		for _, chain := range p.Chains() {
			if chain.By == by {
				n++
			}
		}
		return n
	}
	routes := func(out *istiod.Output, of *istiod.Proxy) int {
		stray := func(port int) bool { return !p.Ports[full][port] } // [8.1]
		return len(slices.DeleteFunc(taken(out, of, by, full), stray))
	}
	return routes(c.Output, p) < routes(instead, at) || chains(p) < chains(at)
}

// taken are the ports on which a proxy has routes of a VirtualService for a host: for its
// name, or for all that comes in where its Service alone is.
func taken(out *istiod.Output, p *istiod.Proxy, by world.Ref, host string) []int {
	var ports []int
	for _, route := range out.Routes(p) {
		named, _, _ := strings.Cut(route.Host.GetName(), ":")
		if route.Origins[0].By == by && (slices.Contains(route.Host.GetDomains(), host) || named == host) {
			ports = append(ports, route.Port())
		}
	}
	return ports
}
