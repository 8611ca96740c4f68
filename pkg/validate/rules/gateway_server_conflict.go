package rules

import (
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// GatewayServerConflict finds servers of Gateways that istiod drops, or that make
// Envoy refuse a listener, because of another server on the same pods [4.9].
var GatewayServerConflict = &rule.Rule{
	Name:     "gateway-server-conflict",
	Severity: rule.Error,
	On:       mesh.SubjectListener,
	Also:     mesh.SubjectServerName,
	Run:      gatewayServerConflict,
	Doc: rule.Doc{
		Title: "A server of a Gateway finds its port or host taken on the pods that it shares",
		Why: `Gateways with the same selector configure the same pods. istiod merges their
servers port by port, the oldest Gateway first, and those of one age by name. It
drops a server as a whole, with all of its hosts and without a word in its status,

- on a port that is plaintext already, unless both are HTTP;
- where it has ` + "`tls`" + ` settings, be it for ` + "`httpsRedirect`" + ` alone, and an earlier
  server of the port that has any, with the same ` + "`bind`" + `, lists any of its hosts
  for the same namespaces;
- where it is HTTPS, on a port of its own Gateway that an earlier HTTPS server uses
  under the same port name.

What is bound to a dropped server is answered by nothing: the connection is
closed, or another server's certificate is shown. Where the two servers say the same it
is a warning, so that a Gateway can be renamed by creating it anew; and so it is where
all that a server would send to HTTPS is sent there by others.

Hosts that differ in their namespaces only, such as ` + "`team-a/shop.example.com`" + ` and
` + "`team-b/shop.example.com`" + `, are not recognised as the same. They end as two filter
chains for one SNI, and Envoy refuses **the whole listener**: the port keeps its old
configuration, whatever else changes on it, and new pods do not open it at all. The same
comes of a plaintext HTTP server on a port where an earlier HTTPS server has host ` + "`*`" + `.

A server in mode PASSTHROUGH has a filter chain for each name in ` + "`sniHosts`" + ` of the
VirtualServices that are bound to it, whatever its own hosts are. Where another server of
the port ends TLS for one of these names, be it that one has ` + "`*.example.com`" + ` and the
other ` + "`shop.example.com`" + `, that is refused just so.`,
		Fix: `- Give each TLS host to one server, and let VirtualServices of several namespaces
  bind to that.
- Hand a host on, or end TLS for it, but not both on the same pods and port.
- Give plaintext TCP a port of its own. Plaintext HTTP servers may share a port.
- Give the servers of one Gateway port names of their own.`,
		See: []string{"IST0145", "KIA0301"},
	},
}

func gatewayServerConflict(p *rule.Pass) {
	conflicts := p.Mesh.PortConflicts
	if p.Key.Subject == mesh.SubjectServerName {
		conflicts = p.Mesh.NameConflicts
	}
	for _, c := range conflicts(p.Key.Name) {
		p.Report(serverFinding(c))
	}
}

func serverFinding(c *mesh.ServerConflict) rule.Finding {
	f := rule.Finding{
		Object:     c.Gateway.By,
		Path:       fmt.Sprintf("spec.servers[%d]", c.Server.Index),
		Viewpoints: atGateways(c.Gateway.Name()),
		Have:       fmt.Sprintf("%s spec.servers[%d] comes first", c.First.By, c.FirstServer.Index),
		Effect:     "the whole server is dropped: what its hosts should serve is not, or another server answers",
		Related:    []rule.Related{{Object: c.First.By, Path: fmt.Sprintf("spec.servers[%d]", c.FirstServer.Index)}},
		RestsOn:    namespacesOf(c.Gateway.Name(), c.First.Name()),
	}
	if _, known := c.First.By.Older(c.Gateway.By); !known && c.First != c.Gateway {
		f.Have = fmt.Sprintf("%s spec.servers[%d]; the older Gateway will come first", c.First.By, c.FirstServer.Index)
		f.Effect = "the whole server of the newer Gateway is dropped: what its hosts should serve is not, or another server answers"
	}
	f.About = fmt.Sprintf("%d dropped", c.Server.Port)
	first := c.First.By.String()
	if c.First == c.Gateway {
		first = fmt.Sprintf("spec.servers[%d]", c.FirstServer.Index)
	}
	switch c.Why {
	case mesh.ServerHostTaken:
		dropped(c, &f)
		f.Message = fmt.Sprintf("server for %s on port %d repeats a host that %s has on the same pods", c.Host, c.Server.Port, first)
		f.Fix = fmt.Sprintf("take %s out of this server, and leave it to %s", c.Host, first)
		f.OtherFix = fmt.Sprintf("leave %s to %s", c.Host, c.Gateway.By)
	case mesh.ServerSNITaken:
		doubled(c, &f, first)
	case mesh.ServerNameTaken:
		dropped(c, &f)
		f.Message = fmt.Sprintf("server on port %d has the port name %q of another HTTPS server of the same Gateway", c.Server.Port, c.Server.PortName)
		f.Fix = "give the port of each server a name of its own"
	case mesh.ServerPortTaken:
		f.Message = fmt.Sprintf("%s server on port %d, which %s has for %s on the same pods", c.Server.Protocol, c.Server.Port, first, c.FirstServer.Protocol)
		dropped(c, &f)
		f.Fix = "use another port: only plaintext HTTP servers can share one"
		f.OtherFix = fmt.Sprintf("leave port %d to %s, or use another selector", c.Server.Port, c.Gateway.By)
	}
	return f
}

// doubled says how a server comes to a second filter chain for a name, which makes Envoy
// refuse the listener. A server that hands TLS on has one for the VirtualService that says
// so.
func doubled(c *mesh.ServerConflict, f *rule.Finding, first string) {
	f.Effect = fmt.Sprintf("two filter chains with one SNI: Envoy refuses all of port %d, which keeps its old configuration or is not opened", c.Server.Port)
	f.Viewpoints = atGateways(c.Gateway.Name(), c.First.Name())
	f.About = fmt.Sprintf("%d %s %s", c.Server.Port, c.Why, c.Host)
	// Envoy refuses the listener whichever Gateways have the host twice.
	f.Faults = []string{fmt.Sprintf("%s %s %s", c.Listener, c.Why, c.Host)}
	f.Whole, f.Workload = true, c.Listener
	f.OtherFix = fmt.Sprintf("leave %s to %s", c.Host, c.Gateway.By)
	on := fmt.Sprintf("server on port %d", c.Server.Port)
	switch {
	case c.Hands != nil:
		f.Message = fmt.Sprintf("%s hands %s on for %s, and %s ends TLS for it on the same pods", on, c.Host, c.Hands.For.By, first)
		f.Fix = fmt.Sprintf("take %s out of the TLS matches of %s, or out of %s", c.Host, c.Hands.For.By, first)
	case c.FirstHands != nil && c.Server.Plaintext():
		f.Message = fmt.Sprintf("%s %s, where %s hands any host on for %s on the same pods", c.Server.Protocol, on, first, c.FirstHands.For.By)
	case c.FirstHands != nil:
		f.Message = fmt.Sprintf("%s ends TLS for %s, which %s hands on for %s on the same pods", on, c.Host, first, c.FirstHands.For.By)
		f.Fix = fmt.Sprintf("take %s out of this server, or out of the TLS matches of %s", c.Host, c.FirstHands.For.By)
	case c.Server.Plaintext():
		f.Message = fmt.Sprintf("%s %s, which %s has for %s and any host on the same pods", c.Server.Protocol, on, first, c.FirstServer.Protocol)
	default:
		f.Message = fmt.Sprintf("%s has host %s for other namespaces than %s has on the same pods", on, c.Host, first)
		f.Fix = fmt.Sprintf("have %s in one server only, for all namespaces that need it", c.Host)
	}
	f.Message += ", so that Envoy refuses the listener"
	if c.Server.Plaintext() {
		f.Fix = "use another port: plaintext and TLS cannot be told apart there"
	}
	for _, hands := range []*mesh.Handing{c.Hands, c.FirstHands} {
		if hands == nil {
			continue
		}
		by := hands.For.By
		f.RestsOn = append(f.RestsOn, by.Namespace)
		f.Related = append(f.Related, rule.Related{Object: by, Path: "spec." + hands.Path})
		if !c.Server.Plaintext() {
			f.OtherFix = fmt.Sprintf("either hand %s on or end TLS for it, not both on the same pods", c.Host)
		}
	}
}

// dropped says what of a server is lost: all of its hosts, whatever the reason, which
// may change without making a difference. A server that is the same as the one before
// it is a warning: a Gateway gets another name by being created anew before the old one
// is deleted. So is one whose requests others send to HTTPS as it would.
func dropped(c *mesh.ServerConflict, f *rule.Finding) {
	for _, host := range c.Server.Hosts {
		f.Faults = append(f.Faults, fmt.Sprintf("%s %d %s %s/%s", c.Gateway.Name(), c.Server.Port, c.Server.Bind, host.Namespace, host.Host))
	}
	f.Whole = true
	if c.Server.Redirects {
		f.Effect = "the whole server is dropped: requests for a host that no other server has get 404 NR, and are not sent to HTTPS"
	}
	if c.Same && c.First != c.Gateway || c.Idle {
		f.Severity = rule.Warning
	}
}
