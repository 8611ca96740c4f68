package judge

import (
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/envoy"
	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// A VirtualService claims a host in vain where a sidecar is given none of its routes for
// it, but is once all those that have the host now are gone, and then does something else
// with what it is sent.
var hostClaimedTwice = &Judge{
	Rule:  rules.HostClaimedTwice,
	Place: func(f *rule.Finding) string { return strings.ToLower(f.About) },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, merged := range c.Merged {
			by := world.Ref{Kind: "VirtualService", Namespace: merged.Namespace, Name: merged.Name}
			spec := merged.Spec.(*networking.VirtualService)
			if !slices.Contains(spec.GetGateways(), "mesh") && len(spec.GetGateways()) > 0 {
				continue
			}
			for i, host := range spec.GetHosts() {
				facts = append(facts, eitherWay(c.World, func(w *world.World) []Fact {
					return c.inVain(w, claim{by: by, number: i, host: host})
				})...)
			}
		}
		return sure(c.nearby(facts))
	},
}

// claim is one host of a VirtualService.
type claim struct {
	by     world.Ref
	number int
	host   string
	among  bool // the VirtualService has its other hosts as well
}

// isOf reports whether a virtual host may be the claim's.
func (c claim) isOf(host *routev3.VirtualHost) bool {
	return !c.among || slices.Contains(host.GetDomains(), strings.ToLower(c.host))
}

// inVain are the facts about one claim, were there no other host in the VirtualService. A
// Sidecar may import it for the sake of the others: those are open.
func (c *Case) inVain(w *world.World, claim claim) []Fact {
	rivals := c.claiming(claim)
	if len(rivals) == 0 {
		return nil
	}
	gone := w
	for _, rival := range rivals {
		gone = gone.Without(rival)
	}
	facts := c.lostTo(rivals, c.Instead(narrowed(w, claim)), c.Instead(narrowed(gone, claim)), claim)
	if len(world.All[*networkingv1.Sidecar](w)) > 0 {
		claim.among = true
		facts = append(facts, unsettled(c.lostTo(rivals, c.Instead(w), c.Instead(gone), claim))...)
	}
	return facts
}

// lostTo are the facts about a claim that rivals have now, and would not have then.
func (c *Case) lostTo(rivals []world.Ref, now, then *istiod.Output, claim claim) []Fact {
	var facts []Fact
	for i, p := range c.Proxies {
		if p.Gateway {
			continue
		}
		for section, compare := range sections {
			lost, settled := compare(c, now.Proxies[i], then.Proxies[i], claim, rivals)
			if lost {
				facts = append(facts, Fact{At: claim.by, Place: strings.ToLower(claim.host) + "/" + section, Proxy: p, Unsettled: !settled})
			}
		}
	}
	return facts
}

// sections say of a sidecar whether a claim is lost there, from what it is sent now and
// what it would be sent then, and whether that is settled.
var sections = map[string]func(c *Case, now, then *istiod.Proxy, claim claim, rivals []world.Ref) (lost, settled bool){
	"http": (*Case).lostHTTP,
	"tcp":  (*Case).lostTCP,
}

// claiming are the other VirtualServices that claim the host on the mesh.
func (c *Case) claiming(of claim) []world.Ref {
	var all []world.Ref
	for _, merged := range c.Merged {
		by := world.Ref{Kind: "VirtualService", Namespace: merged.Namespace, Name: merged.Name}
		spec := merged.Spec.(*networking.VirtualService)
		if by != of.by && slices.ContainsFunc(spec.GetHosts(), func(host string) bool { return strings.EqualFold(host, of.host) || within(of.host, host) }) {
			all = append(all, by)
		}
	}
	return all
}

// within reports whether a host is one of those that a wildcard stands for.
func within(host, wildcard string) bool {
	return strings.HasPrefix(wildcard, "*") && strings.HasSuffix(strings.TrimPrefix(host, "*"), wildcard[1:])
}

// narrowed is the world in which the VirtualService of a claim has no other host.
func narrowed(w *world.World, claim claim) *world.World {
	return withRoute(w, claim.by, func(spec *networking.VirtualService) {
		spec.Hosts = spec.GetHosts()[claim.number : claim.number+1]
	})
}

// lostHTTP reports whether a sidecar has no route of a claim now, and would have some
// then. It is settled where these would do something else with requests that rivals take
// now: where they only say the same in other words, a rule may tell or not.
func (c *Case) lostHTTP(now, then *istiod.Proxy, claim claim, rivals []world.Ref) (lost, settled bool) {
	for _, at := range hosts(then) {
		if len(only(at.Host, claim.by).GetRoutes()) == 0 || c.unused(then, at) || !claim.isOf(at.Host) {
			continue
		}
		has := sameHost(now, at)
		if len(only(has.Host, claim.by).GetRoutes()) > 0 {
			return false, false
		}
		otherwise, differ := c.taken(has, at, claim, rivals)
		lost, settled = lost || otherwise, settled || differ && !refused(at) && !refused(has) && !c.borrowed(then, &istiod.Route{Table: at.Table, Host: at.Host})
	}
	return lost, settled
}

// taken reports whether rivals take requests of a virtual host by rules in other words,
// and whether they certainly do something else with any.
func (c *Case) taken(has, at envoy.Place, claim claim, rivals []world.Ref) (otherwise, differ bool) {
	for _, request := range envoy.Requests(has, at) {
		first := taker(has.Host, request)
		by, is := rootOf(first)
		if first == nil && taker(at.Host, request) != nil && slices.ContainsFunc(roots(has.Host), func(by world.Ref) bool { return slices.Contains(rivals, by) }) {
			return true, true // nobody answers
		}
		if !is || !slices.Contains(rivals, by) {
			continue
		}
		otherwise = otherwise || !c.sameWords(claim.by, by)
		differs, certainly := c.differ(first, taker(at.Host, request))
		differ = differ || differs && certainly
	}
	return otherwise, differ
}

// lostTCP is the same for filter chains. What istiod panics over, nobody can compare, nor
// who has a listener that services without an address share.
func (c *Case) lostTCP(now, then *istiod.Proxy, claim claim, rivals []world.Ref) (lost, settled bool) {
	if then.Panic != "" {
		return true, false
	}
	for _, chain := range then.Chains() {
		if chain.By != claim.by || named(chain) {
			continue
		}
		for _, has := range now.Chains() {
			switch {
			case !sameChain(has, chain):
			case has.By == claim.by:
				return false, false
			case slices.Contains(rivals, has.By):
				lost = lost || !c.sameWords(claim.by, has.By)
				settled = settled || connected(has) != connected(chain)
			}
		}
	}
	return lost || listensWithOthers(then, claim.host), settled
}

// named reports whether a chain is for server names, as those of TLS rules are.
func named(chain istiod.Chain) bool { return len(chain.GetFilterChainMatch().GetServerNames()) > 0 }

// sameChain reports whether two chains are for the same connections.
func sameChain(a, b istiod.Chain) bool {
	return a.Listener.GetName() == b.Listener.GetName() && proto.Equal(a.GetFilterChainMatch(), b.GetFilterChainMatch())
}

// listensWithOthers reports whether a port of a host has the listener that is for every
// address, which is the first service's.
func listensWithOthers(p *istiod.Proxy, host string) bool {
	return slices.ContainsFunc(p.Chains(), func(chain istiod.Chain) bool {
		for port := range p.Ports[host] {
			if chain.Listener.GetName() == fmt.Sprintf("0.0.0.0_%d", port) && strings.HasPrefix(chain.Clusters[0], "outbound") {
				return !named(chain)
			}
		}
		return false
	})
}

// sameWords reports whether two VirtualServices have the same rules, word for word.
func (c *Case) sameWords(a, b world.Ref) bool {
	return proto.Equal(c.rules(a), c.rules(b))
}

// rules are those of a VirtualService after delegates were put in their places.
func (c *Case) rules(of world.Ref) *networking.VirtualService {
	for _, merged := range c.Merged {
		if merged.Namespace != of.Namespace || merged.Name != of.Name {
			continue
		}
		spec := merged.Spec.(*networking.VirtualService).DeepCopy()
		for _, http := range spec.GetHttp() {
			http.Name = ""
		}
		return &networking.VirtualService{Http: spec.GetHttp(), Tls: spec.GetTls(), Tcp: spec.GetTcp()}
	}
	return nil
}

// connected is what a filter chain does with a connection, as text for comparison.
func connected(chain istiod.Chain) string {
	for _, filter := range chain.GetFilters() {
		proxy := &tcpproxyv3.TcpProxy{}
		if filter.GetTypedConfig().UnmarshalTo(proxy) == nil {
			proxy.StatPrefix, proxy.AccessLog = "", nil
			return text(proxy)
		}
	}
	return ""
}
