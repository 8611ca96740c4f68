package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// section is a part of a VirtualService, for one kind of traffic.
type section string

const (
	sectionHTTP section = "http"
	sectionTCP  section = "tcp"
	sectionTLS  section = "tls"
)

// question is what istiod is asked of a server: does anything that is bound to it get
// through. Each has a port of its own, so that no other server stands in the way and it
// is known who answered.
type question struct {
	by     string // the name of the VirtualService that asks
	number uint32
}

// questions are a world in which istiod's answers say what Gateways let through. Its
// VirtualServices have one rule of each section, without conditions.
type questions struct {
	world   *world.World
	next    uint32
	answers map[string]map[section]bool // by question and proxy
}

// bound is a VirtualService that gateways are to serve.
type bound struct {
	*networkingv1.VirtualService
	// as is what it says with the names that istiod completes.
	as       *networking.VirtualService
	mesh     bool
	gateways []*networkingv1.Gateway // those of its gateways that there are
}

func (b bound) ref() world.Ref { return world.RefOf(b.VirtualService) }

// bounds are the VirtualServices that name a Gateway of the world. Those without hosts
// are delegates, which nothing serves by themselves.
func (c *Case) bounds() []bound {
	var all []bound
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		b := bound{VirtualService: vs, as: istiod.Resolved(vs)}
		b.mesh = slices.Contains(b.as.GetGateways(), "mesh")
		for _, gw := range world.All[*networkingv1.Gateway](c.World) {
			if slices.Contains(b.as.GetGateways(), gw.Namespace+"/"+gw.Name) {
				b.gateways = append(b.gateways, gw)
			}
		}
		if len(b.as.GetHosts()) > 0 && len(b.gateways) > 0 {
			all = append(all, b)
		}
	}
	return all
}

// probe is what istiod says of the Gateways of a world, each server by itself.
type probe struct {
	acts    map[istiod.ServerRef]question
	admits  map[admission]question
	visible map[visibility]question
	ask     *questions
}

// admission is whether a server lets a VirtualService serve one of its hosts.
type admission struct {
	server istiod.ServerRef
	vs     world.Ref
	host   int
}

// visibility is whether the pods of a Gateway are given a VirtualService.
type visibility struct{ gateway, vs world.Ref }

// probed asks istiod about each server, VirtualService and host.
func (c *Case) probed() *probe {
	if c.gateways != nil {
		return c.gateways
	}
	p := &probe{
		acts:    map[istiod.ServerRef]question{},
		admits:  map[admission]question{},
		visible: map[visibility]question{},
		ask:     &questions{world: &world.World{}, next: 20000, answers: map[string]map[section]bool{}},
	}
	c.gateways = p
	bounds := c.bounds()
	if len(bounds) == 0 {
		return p
	}
	for _, gw := range world.All[*networkingv1.Gateway](c.World) {
		asked := world.Clone(gw)
		asked.Spec.Servers = nil
		for i, server := range gw.Spec.GetServers() {
			p.askServer(asked, istiod.ServerRef{By: world.RefOf(gw), Index: i}, server, bounds)
		}
		for _, b := range bounds {
			if slices.ContainsFunc(b.gateways, func(o *networkingv1.Gateway) bool { return o == gw }) {
				p.askVisible(asked, b)
			}
		}
		p.ask.world.Objects = append(p.ask.world.Objects, asked)
	}
	p.ask.listen(c.Instead(p.ask.world))
	return p
}

// askServer asks of one server what it does with a VirtualService that it surely
// admits, and which of those that are bound to it it does admit.
func (p *probe) askServer(asked *networkingv1.Gateway, at istiod.ServerRef, server *networking.Server, bounds []bound) {
	open := server.DeepCopy()
	open.Hosts = []string{"*"}
	everyone := &networkingv1.VirtualService{ObjectMeta: metav1.ObjectMeta{Namespace: asked.Namespace}}
	p.acts[at] = p.ask.add(asked, open, everyone, []string{"*"})
	for _, b := range bounds {
		if !slices.ContainsFunc(b.gateways, func(gw *networkingv1.Gateway) bool { return world.RefOf(gw) == at.By }) {
			continue
		}
		for i, host := range b.Spec.GetHosts() {
			closed := server.DeepCopy()
			if closed.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH {
				// Nobody's routes are looked at, which is not for want of a host.
				closed.Tls.Mode = networking.ServerTLSSettings_PASSTHROUGH
			}
			public := &networkingv1.VirtualService{ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace}}
			p.admits[admission{at, b.ref(), i}] = p.ask.add(asked, closed, public, []string{host})
		}
	}
}

// askVisible asks whether the pods of a Gateway are given a VirtualService at all.
func (p *probe) askVisible(asked *networkingv1.Gateway, b bound) {
	open := &networking.Server{Hosts: []string{"*"}, Port: &networking.Port{Protocol: "HTTP"}}
	as := &networkingv1.VirtualService{ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace}}
	as.Spec.ExportTo = b.Spec.GetExportTo()
	p.visible[visibility{world.RefOf(asked), b.ref()}] = p.ask.add(asked, open, as, b.Spec.GetHosts())
}

// add puts one question: a server on a port of its own, and a VirtualService for it.
func (q *questions) add(gw *networkingv1.Gateway, server *networking.Server, vs *networkingv1.VirtualService, hosts []string) question {
	one := question{by: fmt.Sprintf("question-%d", q.next), number: q.next}
	q.next++
	server.Port.Number, server.Port.Name = one.number, one.by
	gw.Spec.Servers = append(gw.Spec.Servers, server)
	to := func(s section) *networking.Destination {
		return &networking.Destination{Host: string(s) + "." + one.by + ".test", Port: &networking.PortSelector{Number: 1}}
	}
	vs.Name = one.by
	vs.Spec.Hosts, vs.Spec.Gateways = hosts, []string{gw.Namespace + "/" + gw.Name}
	vs.Spec.Http = []*networking.HTTPRoute{{
		Match: []*networking.HTTPMatchRequest{{Port: one.number}},
		Route: []*networking.HTTPRouteDestination{{Destination: to(sectionHTTP)}},
	}}
	vs.Spec.Tcp = []*networking.TCPRoute{{
		Match: []*networking.L4MatchAttributes{{Port: one.number}},
		Route: []*networking.RouteDestination{{Destination: to(sectionTCP)}},
	}}
	vs.Spec.Tls = []*networking.TLSRoute{{
		Match: []*networking.TLSMatchAttributes{{Port: one.number, SniHosts: hosts}},
		Route: []*networking.RouteDestination{{Destination: to(sectionTLS)}},
	}}
	q.world.Objects = append(q.world.Objects, vs)
	return one
}

// listen reads the answers: which sections got through, where.
func (q *questions) listen(out *istiod.Output) {
	heard := func(p *istiod.Proxy, port int, cluster string) {
		_, _, _, host := split(cluster)
		of, by, _ := strings.Cut(strings.TrimSuffix(host, ".test"), ".")
		if by != "question-"+strconv.Itoa(port) {
			return
		}
		key := by + " " + p.String()
		if q.answers[key] == nil {
			q.answers[key] = map[section]bool{}
		}
		q.answers[key][section(of)] = true
	}
	for _, p := range out.Proxies {
		for _, route := range out.Routes(p) {
			heard(p, route.Port(), route.GetRoute().GetCluster())
		}
		for _, chain := range p.Chains() {
			for _, cluster := range chain.Clusters {
				heard(p, int(chain.Listener.GetAddress().GetSocketAddress().GetPortValue()), cluster)
			}
		}
	}
}

// got are the sections that got through at a proxy.
func (p *probe) got(q question, at world.Proxy) map[section]bool {
	return p.ask.answers[q.by+" "+at.String()]
}

// acted are the sections that a server acts on at a proxy.
func (p *probe) acted(server istiod.ServerRef, at world.Proxy) map[section]bool {
	return p.got(p.acts[server], at)
}

// admitted reports whether a server lets a VirtualService serve one of its hosts.
func (p *probe) admitted(server istiod.ServerRef, b bound, host int, at world.Proxy) bool {
	return len(p.got(p.admits[admission{server, b.ref(), host}], at)) > 0
}

// seen reports whether a pod of a Gateway is given a VirtualService.
func (p *probe) seen(gw *networkingv1.Gateway, b bound, at world.Proxy) bool {
	return len(p.got(p.visible[visibility{world.RefOf(gw), b.ref()}], at)) > 0
}

// serving are the proxies that serve any of some Gateways.
func (c *Case) serving(gateways ...*networkingv1.Gateway) []*istiod.Proxy {
	var pods []*istiod.Proxy
	for _, p := range c.Proxies {
		if slices.ContainsFunc(gateways, p.Serves) {
			pods = append(pods, p)
		}
	}
	return pods
}

// serversOf are the places of the servers of some Gateways.
func serversOf(gateways ...*networkingv1.Gateway) []istiod.ServerRef {
	var all []istiod.ServerRef
	for _, gw := range gateways {
		for i := range gw.Spec.GetServers() {
			all = append(all, istiod.ServerRef{By: world.RefOf(gw), Index: i})
		}
	}
	return all
}
