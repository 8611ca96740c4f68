package judge

import (
	"maps"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A DestinationRule is unreachable where proxies have hosts that it is for, and it would
// be in effect for none of them even if no other rule of its namespace were for the same
// host [3.2]. The proxies are those that it is exported to: they are who miss it.
var unreachableDestinationRule = &Judge{
	Rule:  rules.UnreachableDestinationRule,
	Place: func(*rule.Finding) string { return "" },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		buckets := c.buckets()
		for _, dr := range world.All[*networkingv1.DestinationRule](c.World) {
			in := bucketOf(dr)
			unreached, certain := c.unreached(world.RefOf(dr), in, buckets[in])
			for _, p := range c.Proxies {
				if unreached && !p.Gateway && exportedTo(dr, p.Namespace) {
					facts = append(facts, Fact{At: world.RefOf(dr), Proxy: p, Unsettled: !certain})
				}
			}
		}
		return facts
	},
}

// unreached reports whether a DestinationRule is in effect for nobody, nor would be
// without the others of its bucket. It is not certain where Sidecars alone keep the host
// from all for whom the rule is, or where the host is hidden from its own namespace: a
// route to it brings it in [2.2, 2.8]. Nor is it where several namespaces declare the
// host, as it is for istiod to choose among them [7.4].
func (c *Case) unreached(at world.Ref, in bucket, meeting []world.Ref) (unreached, certain bool) {
	if reaches(c.World, c.Output, at) {
		return false, true
	}
	alone := c.World.Without(others(at, meeting)...)
	if reaches(alone, c.Instead(alone), at) {
		return false, true
	}
	open := opened(alone)
	if !served(c.Output, in) {
		return served(c.Instead(open), in), false
	}
	return true, len(c.declaring(in.host)) < 2 && !reaches(open, c.Instead(open), at)
}

// served reports whether any proxy has a host that DestinationRules are for. Those for a
// wildcard in the root namespace are the defaults of the mesh, which may well reach
// nobody.
func served(out *istiod.Output, rules bucket) bool {
	tail, wildcard := strings.CutPrefix(rules.host, "*")
	if wildcard && rules.namespace == world.Root {
		return false
	}
	return slices.ContainsFunc(out.Proxies, func(p *istiod.Proxy) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(p.Services)), func(host string) bool {
			return host == rules.host || wildcard && strings.HasSuffix(host, tail)
		})
	})
}

// reaches reports whether a DestinationRule is in effect for any proxy of a world, by
// what istiod makes of it.
func reaches(w *world.World, out *istiod.Output, at world.Ref) bool {
	for _, p := range out.Proxies {
		for host, rules := range p.Rules {
			if slices.Contains(rules, at) && !alias(w, p, host) {
				return true
			}
		}
	}
	return false
}

// alias reports whether istiod takes a host of a proxy for another name of a Service, so
// that it builds no cluster for it [1.9].
func alias(w *world.World, p *istiod.Proxy, host string) bool {
	external := slices.ContainsFunc(world.All[*corev1.Service](w), func(s *corev1.Service) bool {
		return s.Spec.Type == corev1.ServiceTypeExternalName && strings.HasPrefix(host, s.Name+"."+s.Namespace+".svc.")
	})
	return external && !slices.ContainsFunc(slices.Collect(maps.Keys(p.Clusters())), func(name string) bool {
		_, _, _, of := split(name)
		return of == host
	})
}

// exportedTo reports whether a DestinationRule says that it is for a namespace.
func exportedTo(dr *networkingv1.DestinationRule, namespace string) bool {
	if dr.Spec.GetWorkloadSelector() != nil {
		return namespace == dr.Namespace
	}
	return len(dr.Spec.GetExportTo()) == 0 || slices.ContainsFunc(dr.Spec.GetExportTo(), func(to string) bool {
		return to == "*" || to == namespace || to == "." && namespace == dr.Namespace
	})
}
