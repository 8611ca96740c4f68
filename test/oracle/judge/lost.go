package judge

import (
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/test/oracle/istiod"
	"github.com/meshward/meshward/test/oracle/world"
)

// Lost is a destination whose cluster the proxy does not have.
type Lost struct {
	istiod.Sent
	Proxy *istiod.Proxy
	// Host and Port are those of the cluster, which need not be the ones that the
	// destination names [1.9, 6.1].
	Host, Port string
	// NoHost, NoPort and NoSubset say what the proxy does not have: any Service of the
	// host, that port of it, that subset of it on any port.
	NoHost, NoPort, NoSubset bool
}

// lost are the destinations that lead nowhere: istiod hands out the route, and no
// cluster of the name it gives [5].
func (c *Case) lost() []Lost {
	if c.lostKnown {
		return c.lostFound
	}
	c.lostKnown = true
	for _, p := range c.Proxies {
		for _, sent := range c.sentBy(p) {
			if _, has := p.Clusters()[sent.Cluster]; !has && strings.HasPrefix(sent.Cluster, "outbound") {
				c.lostFound = append(c.lostFound, lostBy(p, sent))
			}
		}
	}
	return c.lostFound
}

func lostBy(p *istiod.Proxy, sent istiod.Sent) Lost {
	_, port, _, host := split(sent.Cluster)
	_, given := p.Ports[host]
	_, served := p.Clusters()[strings.Join([]string{"outbound", port, "", host}, "|")]
	lost := Lost{Sent: sent, Proxy: p, Host: host, Port: port, NoHost: !given, NoPort: given && !served, NoSubset: sent.To.GetSubset() != ""}
	for name := range p.Clusters() {
		if _, _, subset, of := split(name); of == host && subset == sent.To.GetSubset() {
			lost.NoSubset = false
		}
	}
	return lost
}

// split takes the name of a cluster apart: "outbound|80|v1|reviews.default.svc…".
func split(cluster string) (direction, port, subset, host string) {
	separator := "|"
	if strings.Contains(cluster, "_.") {
		separator = "_."
	}
	parts := strings.SplitN(cluster, separator, 4)
	if len(parts) < 4 {
		return "", "", "", ""
	}
	return parts[0], parts[1], parts[2], strings.TrimPrefix(parts[3], "_")
}

// sentBy are the destinations of all routes of a proxy that anyone takes, and of its
// filter chains.
func (c *Case) sentBy(p *istiod.Proxy) []istiod.Sent {
	var all []istiod.Sent
	for _, route := range c.Routes(p) {
		if c.stray(p, &route) {
			continue
		}
		for _, sent := range c.written(&route) {
			sent.Assumed = c.assumed(p, &route)
			sent.Borrowed = c.borrowed(p, &route)
			sent.Redirected = route.Host.GetRequireTls() != routev3.VirtualHost_NONE
			all = append(all, sent)
		}
	}
	return append(all, c.sentOn(p)...)
}

// written are the destinations of a route, each where it is written: a mirror that a
// delegate does not have is its root's.
func (c *Case) written(route *istiod.Route) []istiod.Sent {
	sent := route.Sent()
	if len(route.Origins) < 2 {
		return sent
	}
	root, leaf := route.Origins[0], route.Origins[1]
	own := c.http(leaf)
	if own == nil || own.GetMirror() != nil || len(own.GetMirrors()) > 0 {
		return sent
	}
	for i := range sent {
		if sent[i].Mirror {
			_, field, _ := strings.Cut(sent[i].Place, ".")
			sent[i].At, sent[i].Place = root.By, fmt.Sprintf("http[%d].%s", root.Rule, field)
		}
	}
	return sent
}

func (c *Case) http(at istiod.Origin) *networking.HTTPRoute {
	for _, vs := range world.All[*networkingv1.VirtualService](c.World) {
		if world.RefOf(vs) == at.By && at.Rule < len(vs.Spec.GetHttp()) {
			return vs.Spec.GetHttp()[at.Rule]
		}
	}
	return nil
}

// stray reports whether nobody takes a route: a sidecar has the host of a VirtualService
// on port 80, though the Service of that name has other ports [8.1]. An ExternalName
// without any is called on those of what it stands for.
func (c *Case) stray(p *istiod.Proxy, route *istiod.Route) bool {
	host, _, _ := strings.Cut(route.Host.GetName(), ":")
	ports := c.portsOf(p, host)
	return !p.Gateway && len(ports) > 0 && !ports[route.Port()]
}

// assumed reports whether a sidecar has a route for a host that is no Service to it,
// hides itself, stands for another, or is declared several times.
func (c *Case) assumed(p *istiod.Proxy, route *istiod.Route) bool {
	host, _, _ := strings.Cut(route.Host.GetName(), ":")
	return !p.Gateway && (len(c.portsOf(p, host)) == 0 || c.hides(p, host) || c.alias(host) || c.declarations(host) > 1)
}

// aliasOf is the host that an ExternalName stands for; empty for all others [1.9].
func (c *Case) aliasOf(host string) string {
	for _, service := range world.All[*corev1.Service](c.World) {
		if hostOf(service) == host && service.Spec.Type == corev1.ServiceTypeExternalName {
			return service.Spec.ExternalName
		}
	}
	return ""
}

func (c *Case) alias(host string) bool { return c.aliasOf(host) != "" }

func hostOf(service *corev1.Service) string {
	return service.Name + "." + service.Namespace + ".svc.cluster.local"
}

// facts are the facts about those destinations of a case that lead nowhere and of which
// a rule should tell.
func (c *Case) facts(tells func(*Lost) bool) []Fact {
	var facts []Fact
	for _, lost := range c.lost() {
		if tells(&lost) {
			fact := Fact{At: lost.At, Place: lost.Place, Proxy: lost.Proxy, Unsettled: c.unsettled(&lost)}
			facts = append(facts, c.around(fact, lost.To.GetHost())...)
		}
	}
	return facts
}

// unsettled reports whether a rule may or may not have something to say: where there is no
// such host, for other rules say that; where which of several declarations of it counts
// is for istiod's caches to say [7.4]; where all requests are sent to HTTPS; where the
// listener is another Service's; and where the pods of a gateway may be others than those
// of the world.
func (c *Case) unsettled(l *Lost) bool {
	return l.NoHost || l.Redirected || l.Borrowed || c.declarations(l.Host) > 1 || c.unsure(l.Proxy)
}

// unsure reports whether the pods of a gateway may get another answer than its proxy does:
// they may run elsewhere, and a workloadSelector may be for labels that they have as well.
func (c *Case) unsure(p *istiod.Proxy) bool {
	return p.Gateway && (!p.Known || slices.ContainsFunc(world.All[*networkingv1.DestinationRule](c.World), func(dr *networkingv1.DestinationRule) bool {
		selector := dr.Spec.GetWorkloadSelector().GetMatchLabels()
		return dr.Namespace == p.Namespace && len(selector) > 0 && !labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels))
	}))
}

// declarations are how many Services and ServiceEntries of a world declare a host.
func (c *Case) declarations(host string) int {
	n := 0
	for _, service := range world.All[*corev1.Service](c.World) {
		if hostOf(service) == host {
			n++
		}
	}
	for _, entry := range world.All[*networkingv1.ServiceEntry](c.World) {
		if slices.Contains(entry.Spec.GetHosts(), host) {
			n++
		}
	}
	return n
}
