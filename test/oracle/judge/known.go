package judge

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// Known is a way to differ from istiod that is understood, and left as it is.
type Known struct {
	Name string
	// Reason says why it is left, Section where the semantics are written down.
	Reason, Section string
	// Rules are those that it concerns, Side is "missed", "false", or "either".
	Rules []string
	Side  string

	is func(c *Case, rule string, d *Difference) bool
}

// Knowns are all the known differences.
func Knowns() []*Known {
	return []*Known{
		nothingOn80, ownSidecar, egressPort, sidecarSelector, declaredTwice, capitals, strayWeights, sharedListener, aliasUnderWildcard,
	}
}

// known is the name of the known difference that a difference is; empty for a new one.
func (c *Case) known(rule, side string, d *Difference) string {
	for _, k := range Knowns() {
		if (k.Side == side || k.Side == "either") && slices.Contains(k.Rules, rule) && k.is(c, rule, d) {
			return k.Name
		}
	}
	return ""
}

var nothingOn80 = &Known{
	Name: "nothing-on-80",
	Reason: "Sidecars serve a host that no Service has on port 80, if any Service that they see has HTTP there. " +
		"Any Service of the mesh may be that one, so no rule looks for it: it is taken to be there.",
	Section: "4.3",
	Rules:   routed,
	Side:    "false",
	is: func(c *Case, rule string, d *Difference) bool {
		instead, err := New(served80(c.World))
		return err == nil && instead.broken(rule, d.isAt)
	},
}

// served80 is a world in which all sidecars see an HTTP service on port 80, whatever their
// Sidecars say.
func served80(w *world.World) *world.World {
	w = anchored(w)
	for _, s := range world.All[*networkingv1.Sidecar](w) {
		opened := world.Clone(s)
		for _, l := range opened.Spec.GetEgress() {
			l.Hosts = append(l.Hosts, world.Root+"/anchor."+world.Root+".svc.cluster.local")
		}
		w = w.With(opened)
	}
	return w
}

var ownSidecar = &Known{
	Name: "own-sidecar",
	Reason: "\"Every other namespace\" is one viewpoint, whatever the number of namespaces. One that only a Sidecar of its own keeps from a " +
		"VirtualService, or gives what a Sidecar of the root namespace keeps from everyone, is told apart only where something else of the host or the VirtualService names it.",
	Section: "2.8",
	Rules:   routed,
	Side:    "either",
	is: func(c *Case, rule string, d *Difference) bool {
		return ofOwnSidecar(c, d) && c.broken(rule, d.isAt) != c.brokenElsewhere(rule, d)
	},
}

var egressPort = &Known{
	Name:    "egress-port",
	Reason:  "A listener of a Sidecar that has a port is for that port alone. What only such a listener imports is taken to be imported by nobody.",
	Section: "2.8",
	Rules:   routed,
	Side:    "missed",
	is: func(c *Case, _ string, d *Difference) bool {
		return slices.ContainsFunc(world.All[*networkingv1.Sidecar](c.World), func(s *networkingv1.Sidecar) bool {
			ported := slices.ContainsFunc(s.Spec.GetEgress(), func(l *networking.IstioEgressListener) bool { return l.GetPort() != nil })
			concerned := func(p *istiod.Proxy) bool {
				return !p.Gateway && (p.Namespace == s.Namespace || s.Namespace == world.Root)
			}
			return ported && slices.ContainsFunc(d.proxies, concerned)
		})
	},
}

var sidecarSelector = &Known{
	Name: "sidecar-selector",
	Reason: "A Sidecar with a workloadSelector may keep the winner of a host from some workloads of a namespace. " +
		"Then nothing is said of the namespace, though its other workloads lose the host.",
	Section: "2.7",
	Rules:   []string{"host-claimed-twice", "shadowed-route"},
	Side:    "missed",
	is: func(c *Case, _ string, d *Difference) bool {
		return slices.ContainsFunc(world.All[*networkingv1.Sidecar](c.World), func(s *networkingv1.Sidecar) bool {
			in := func(p *istiod.Proxy) bool { return !p.Gateway && p.Namespace == s.Namespace }
			return len(s.Spec.GetWorkloadSelector().GetLabels()) > 0 && slices.ContainsFunc(d.proxies, in)
		})
	},
}

var declaredTwice = &Known{
	Name: "declared-twice",
	Reason: "Which of several declarations of one host a client is given depends on what else it imports, and on what istiod " +
		"worked out before. Rules that need to know err to a warning, or to silence.",
	Section: "7.4",
	Rules:   append([]string{"unmerged-fragments", "unreachable-destination-rule"}, routed...),
	Side:    "either",
	is: func(c *Case, _ string, d *Difference) bool {
		for _, dr := range world.All[*networkingv1.DestinationRule](c.World) {
			if world.RefOf(dr) == d.At {
				host := dr.Spec.GetHost()
				return c.declarations(host) > 1 || host[0] == '*' && c.declaredTwiceUnder(host)
			}
		}
		return c.roots(d.At, func(vs *networkingv1.VirtualService) bool {
			return slices.ContainsFunc(hostsOf(vs), func(host string) bool {
				return c.declarations(host) > 1 || host[0] == '*' && c.declaredTwiceUnder(host)
			})
		})
	},
}

// hostsOf are the hosts of a VirtualService, and those that it routes to.
func hostsOf(vs *networkingv1.VirtualService) []string {
	as := istiod.Resolved(vs)
	hosts := slices.Clone(as.GetHosts())
	for _, http := range as.GetHttp() {
		for _, to := range http.GetRoute() {
			hosts = append(hosts, to.GetDestination().GetHost())
		}
	}
	for _, route := range streamRules(as) {
		for _, to := range route {
			hosts = append(hosts, to.GetDestination().GetHost())
		}
	}
	return hosts
}

// declaredTwiceUnder reports whether any host that a wildcard covers has several
// declarations.
func (c *Case) declaredTwiceUnder(wildcard string) bool {
	return slices.ContainsFunc(world.All[*networkingv1.ServiceEntry](c.World), func(se *networkingv1.ServiceEntry) bool {
		return slices.ContainsFunc(se.Spec.GetHosts(), func(host string) bool {
			return strings.HasSuffix(host, wildcard[1:]) && c.declarations(host) > 1
		})
	})
}

var capitals = &Known{
	Name: "capitals",
	Reason: "istiod writes the hosts of virtual hosts in lower case, and compares them as they are written before. Where a host with " +
		"capitals meets a wildcard over it, or a Sidecar, or a ServiceEntry has capitals, which of the two counts differs from case to case.",
	Section: "1.5",
	Rules:   routed,
	Side:    "either",
	is: func(c *Case, _ string, _ *Difference) bool {
		capital := func(host string) bool { return host != strings.ToLower(host) }
		among := func(holds func(host string) bool) bool {
			return slices.ContainsFunc(world.All[*networkingv1.VirtualService](c.World), func(vs *networkingv1.VirtualService) bool {
				return slices.ContainsFunc(vs.Spec.GetHosts(), holds)
			})
		}
		wildcard := func(host string) bool { return host[0] == '*' }
		return among(capital) && (among(wildcard) || len(world.All[*networkingv1.Sidecar](c.World)) > 0) || slices.ContainsFunc(world.All[*networkingv1.ServiceEntry](c.World), func(se *networkingv1.ServiceEntry) bool {
			return slices.ContainsFunc(se.Spec.GetHosts(), capital)
		})
	},
}

var strayWeights = &Known{
	Name: "stray-weights",
	Reason: "A VirtualService for a Service without port 80 is handed out on port 80 as well, where nobody calls it, so no rule looks there. " +
		"Weights that are all 0 make Envoy refuse the whole table of that port even so.",
	Section: "8.1",
	Rules:   []string{"zero-weights", "broken-delegate"},
	Side:    "missed",
	is: func(c *Case, _ string, d *Difference) bool {
		return c.roots(d.At, func(vs *networkingv1.VirtualService) bool {
			return slices.ContainsFunc(d.proxies, func(p *istiod.Proxy) bool {
				return !p.Gateway && slices.ContainsFunc(istiod.Resolved(vs).GetHosts(), func(host string) bool {
					ports := c.portsOf(p, host)
					return ports != nil && !ports[80]
				})
			})
		})
	},
}

var sharedListener = &Known{
	Name: "shared-listener",
	Reason: "Hosts of ServiceEntries without addresses, and of headless Services without pods, share one listener for a port of TCP or of no protocol, and the first host has it. " +
		"Which one that is, is for all hosts of the mesh to say, so no rule looks for it: each is taken to have the listener.",
	Section: "4.4",
	Rules:   []string{"undefined-subset", "unknown-host", "host-claimed-twice", "zero-weights"},
	Side:    "false",
	is: func(c *Case, rule string, d *Difference) bool {
		return slices.ContainsFunc(c.World.Objects, func(o world.Object) bool {
			aside, shares := aside(o)
			if !shares {
				return false
			}
			instead, err := New(c.World.With(aside))
			return err == nil && instead.broken(rule, d.isAt)
		})
	},
}

// aside is what declares hosts that no address is known for, on ports that nobody else has.
func aside(o world.Object) (world.Object, bool) {
	const apart = 20000
	switch o := world.Clone(o).(type) {
	case *networkingv1.ServiceEntry:
		for _, port := range o.Spec.GetPorts() {
			port.Number += apart
		}
		return o, len(o.Spec.GetAddresses()) == 0
	case *corev1.Service:
		for i := range o.Spec.Ports {
			o.Spec.Ports[i].Port += apart
		}
		return o, o.Spec.ClusterIP == corev1.ClusterIPNone
	}
	return nil, false
}

var aliasUnderWildcard = &Known{
	Name: "alias-under-wildcard",
	Reason: "The first VirtualService for a wildcard has the names of the ExternalNames that stand for a Service under it, even where another VirtualService names them in full. " +
		"No rule tells that one that it has its host in vain.",
	Section: "1.9",
	Rules:   []string{"host-claimed-twice"},
	Side:    "missed",
	is: func(c *Case, _ string, d *Difference) bool {
		host, _, _ := strings.Cut(d.Place, "/")
		w := c.World
		for _, vs := range world.All[*networkingv1.VirtualService](w) {
			if slices.ContainsFunc(istiod.Resolved(vs).GetHosts(), func(wildcard string) bool { return within(host, wildcard) }) {
				w = w.Without(world.RefOf(vs))
			}
		}
		if w == c.World || !c.alias(host) {
			return false
		}
		instead, err := New(w)
		return err == nil && !slices.ContainsFunc(instead.FactsOf(hostClaimedTwice), func(f Fact) bool {
			return d.isAt(f) && !f.Unsettled && !hostClaimedTwice.told(instead, f, hostClaimedTwice.found(instead))
		})
	},
}

// routed are the rules about what sidecars are given.
var routed = []string{
	"undefined-subset", "undefined-mirror-subset", "unknown-host", "unknown-port", "ambiguous-port",
	"host-claimed-twice", "shadowed-route", "partly-qualified-host", "broken-delegate", "zero-weights",
}

// isAt reports whether a fact is at the place of a difference, for any of those it is about.
func (d *Difference) isAt(f Fact) bool {
	return f.At == d.At && f.Place == d.Place && slices.ContainsFunc(d.proxies, func(p *istiod.Proxy) bool { return p.Is(f.Proxy.Proxy) })
}

// ofOwnSidecar reports whether a difference is about sidecars of a namespace that has a
// Sidecar, and not about those of others.
func ofOwnSidecar(c *Case, d *Difference) bool {
	return slices.ContainsFunc(world.All[*networkingv1.Sidecar](c.World), func(s *networkingv1.Sidecar) bool {
		return s.Namespace != world.Root && !slices.ContainsFunc(d.proxies, func(p *istiod.Proxy) bool { return p.Gateway || p.Namespace != s.Namespace })
	})
}

// brokenElsewhere reports whether a place is broken for every other namespace, were there
// any HTTP on port 80.
func (c *Case) brokenElsewhere(rule string, d *Difference) bool {
	elsewhere := func(f Fact) bool {
		return f.At == d.At && f.Place == d.Place && !f.Proxy.Gateway && f.Proxy.Namespace == world.Elsewhere
	}
	if c.broken(rule, elsewhere) {
		return true
	}
	instead, err := New(served80(c.World))
	return err == nil && instead.broken(rule, elsewhere)
}

// broken reports whether the judge of a rule has a fact that counts.
func (c *Case) broken(rule string, counts func(Fact) bool) bool {
	at := slices.IndexFunc(All(), func(j *Judge) bool { return j.Rule.Name == rule })
	return at >= 0 && slices.ContainsFunc(c.FactsOf(All()[at]), counts)
}

// roots reports whether something holds of a VirtualService, or of one that delegates to it.
func (c *Case) roots(at world.Ref, holds func(*networkingv1.VirtualService) bool) bool {
	return slices.ContainsFunc(world.All[*networkingv1.VirtualService](c.World), func(vs *networkingv1.VirtualService) bool {
		delegates := slices.ContainsFunc(vs.Spec.GetHttp(), func(r *networking.HTTPRoute) bool {
			namespace := r.GetDelegate().GetNamespace()
			if namespace == "" {
				namespace = vs.Namespace
			}
			return r.GetDelegate() != nil && r.GetDelegate().GetName() == at.Name && namespace == at.Namespace
		})
		return (delegates || world.RefOf(vs) == at) && holds(vs)
	})
}
