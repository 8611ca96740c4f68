package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A server is dropped where istiod keeps it only if no other is on its port, and refused
// where its listener has two filter chains for one name, which Envoy does not take. The
// latter is told of all servers but the first of that name.
var gatewayServerConflict = &Judge{
	Rule: rules.GatewayServerConflict,
	Place: func(f *rule.Finding) string {
		kind := "dropped"
		if strings.Contains(f.About, " SNI ") {
			kind = "refused"
		}
		return strings.TrimPrefix(f.Path, "spec.") + " " + kind
	},
	Facts: func(c *Case) []Fact {
		if c.Panics() {
			return nil
		}
		return append(c.droppedServers(), c.refusedServers()...)
	},
}

func serverPlace(at istiod.ServerRef, kind string) string {
	return fmt.Sprintf("servers[%d] %s", at.Index, kind)
}

func (c *Case) droppedServers() []Fact {
	var facts []Fact
	for _, gw := range world.All[*networkingv1.Gateway](c.World) {
		for _, server := range serversOf(gw) {
			for _, p := range c.serving(gw) {
				if _, kept := p.Servers[server]; !kept && c.keptAlone(gw, server.Index, p) {
					facts = append(facts, Fact{
						At:        server.By,
						Place:     serverPlace(server, "dropped"),
						Proxy:     p,
						Unsettled: redirected(p, gw.Spec.GetServers()[server.Index]),
					})
				}
			}
		}
	}
	return facts
}

// keptAlone reports whether istiod keeps a server where there is nothing else.
func (c *Case) keptAlone(gw *networkingv1.Gateway, index int, at *istiod.Proxy) bool {
	alone := world.Clone(gw)
	alone.Spec.Servers = alone.Spec.Servers[index : index+1]
	for _, p := range c.Instead(&world.World{Objects: []world.Object{alone}}).Proxies {
		if p.Compare(at.Proxy) == 0 {
			return len(p.Servers) == 1
		}
	}
	return false
}

// redirected reports whether all that a server would send to HTTPS is sent there anyway,
// so that nobody misses it.
func redirected(p *istiod.Proxy, server *networking.Server) bool {
	return server.GetTls().GetHttpsRedirect() && !slices.ContainsFunc(server.GetHosts(), func(written string) bool {
		domain := strings.ToLower(written[strings.Index(written, "/")+1:])
		return !slices.ContainsFunc(p.Tables, func(table *routev3.RouteConfiguration) bool {
			return slices.ContainsFunc(table.GetVirtualHosts(), func(host *routev3.VirtualHost) bool {
				return host.GetRequireTls() == routev3.VirtualHost_ALL && slices.Contains(host.GetDomains(), domain)
			})
		})
	})
}

func (c *Case) refusedServers() []Fact {
	var facts []Fact
	for _, p := range c.Proxies {
		if !p.Gateway {
			continue
		}
		for _, listener := range p.Listeners {
			for _, name := range repeated(listener) {
				for _, at := range c.laterOf(p, listener, name) {
					facts = append(facts, Fact{At: at.By, Place: serverPlace(at, "refused"), Proxy: p})
				}
			}
		}
	}
	return facts
}

// repeated are the server names for which a listener has more than one filter chain,
// "*" for any name.
func repeated(listener *listenerv3.Listener) []string {
	seen := map[string]int{}
	var twice []string
	for _, chain := range listener.GetFilterChains() {
		match := chain.GetFilterChainMatch()
		for _, name := range namesOf(chain) {
			others := fmt.Sprint(name, match.GetApplicationProtocols(), match.GetTransportProtocol(), match.GetPrefixRanges())
			if seen[others]++; seen[others] == 2 {
				twice = append(twice, name)
			}
		}
	}
	return twice
}

// anyName is the name of a filter chain that asks for none.
const anyName = "*"

// namesOf are the server names that a filter chain is for.
func namesOf(chain *listenerv3.FilterChain) []string {
	if names := chain.GetFilterChainMatch().GetServerNames(); len(names) > 0 {
		return names
	}
	return []string{anyName}
}

// laterOf are the servers that have a filter chain for a name on a listener, but for the
// first of them. Of those that hand TLS on, istiod gives it to one.
func (c *Case) laterOf(p *istiod.Proxy, listener *listenerv3.Listener, name string) []istiod.ServerRef {
	var found, passing []istiod.ServerRef
	for _, server := range p.Servers {
		address := listener.GetAddress().GetSocketAddress()
		if server.Port != int(address.GetPortValue()) || server.Bind != "" && server.Bind != address.GetAddress() {
			continue
		}
		named := len(server.Names) == 0 && name == anyName || slices.Contains(server.Names, name)
		switch {
		case server.Passthrough && c.handsAlone(p, server.ServerRef, listener.GetName(), name):
			passing = append(passing, server.ServerRef)
		case !server.Passthrough && named:
			found = append(found, server.ServerRef)
		}
	}
	slices.SortFunc(passing, c.inOrder)
	found = append(found, passing[:min(1, len(passing))]...)
	slices.SortFunc(found, c.inOrder)
	return found[min(1, len(found)):]
}

// handsAlone reports whether a server has a filter chain for a name on a listener where
// there is no other server: which names one has that hands TLS on, its routes say.
func (c *Case) handsAlone(p *istiod.Proxy, at istiod.ServerRef, listener, name string) bool {
	w := c.World
	for _, gw := range world.All[*networkingv1.Gateway](c.World) {
		if world.RefOf(gw) != at.By {
			w = w.Without(world.RefOf(gw))
			continue
		}
		alone := world.Clone(gw)
		alone.Spec.Servers = alone.Spec.Servers[at.Index : at.Index+1]
		w = w.With(alone)
	}
	return slices.ContainsFunc(c.instead(p, w).Listeners, func(l *listenerv3.Listener) bool {
		return l.GetName() == listener && slices.ContainsFunc(l.GetFilterChains(), func(chain *listenerv3.FilterChain) bool {
			return slices.Contains(namesOf(chain), name)
		})
	})
}

// inOrder is istiod's order of servers: that of their Gateways, by age and then by name
// before namespace [2.4, 4.9].
func (c *Case) inOrder(a, b istiod.ServerRef) int {
	age := func(of istiod.ServerRef) int64 {
		for _, gw := range world.All[*networkingv1.Gateway](c.World) {
			if world.RefOf(gw) == of.By {
				return gw.GetCreationTimestamp().Unix()
			}
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(age(a), age(b)),
		cmp.Compare(a.By.Name, b.By.Name),
		cmp.Compare(a.By.Namespace, b.By.Namespace),
		cmp.Compare(a.Index, b.Index),
	)
}
