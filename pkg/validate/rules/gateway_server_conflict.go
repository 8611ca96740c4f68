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
comes of a plaintext HTTP server on a port where an earlier HTTPS server has host ` + "`*`" + `.`,
		Fix: `- Give each TLS host to one server, and let VirtualServices of several namespaces
  bind to that.
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
		f.Message = fmt.Sprintf("server on port %d has host %s for other namespaces than %s has on the same pods, so that Envoy refuses the listener", c.Server.Port, c.Host, first)
		if c.Server.Plaintext() {
			f.Message = fmt.Sprintf("%s server on port %d, which %s has for %s and any host on the same pods, so that Envoy refuses the listener", c.Server.Protocol, c.Server.Port, first, c.FirstServer.Protocol)
		}
		f.Effect = fmt.Sprintf("two filter chains with one SNI: Envoy refuses all of port %d, which keeps its old configuration or is not opened", c.Server.Port)
		f.Viewpoints = atGateways(c.Gateway.Name(), c.First.Name())
		f.About = fmt.Sprintf("%d %s %s", c.Server.Port, c.Why, c.Host)
		// Envoy refuses the listener whichever Gateways have the host twice.
		f.Faults = []string{fmt.Sprintf("%s %s %s", c.Listener, c.Why, c.Host)}
		f.Whole, f.Workload = true, c.Listener
		f.Fix = fmt.Sprintf("have %s in one server only, for all namespaces that need it", c.Host)
		if c.Server.Plaintext() {
			f.Fix = "use another port: plaintext and TLS cannot be told apart there"
		}
		f.OtherFix = fmt.Sprintf("leave %s to %s", c.Host, c.Gateway.By)
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
