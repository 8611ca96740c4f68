package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// GatewayHostMismatch finds hosts of VirtualServices that no server of their
// gateways admits [1.3, 4.7].
var GatewayHostMismatch = &rule.Rule{
	Name:     "gateway-host-mismatch",
	Severity: rule.Warning,
	On:       mesh.SubjectVirtualService,
	Run:      gatewayHostMismatch,
	Doc: rule.Doc{
		Title: "No server of the gateways that a VirtualService is bound to admits its host",
		Why: `A gateway serves what is both among the hosts of a server and among those of the
VirtualService. Where they have nothing in common istiod leaves the host out, and
requests for it get **404 NR**; for TCP and TLS there may be no listener at all.

` + "`*.example.com`" + ` does not cover ` + "`example.com`" + `. An entry such as ` + "`team-a/*`" + ` is for
VirtualServices of namespace ` + "`team-a`" + ` only, and ` + "`./*`" + ` for those of the Gateway's own.
A host without a dot is completed with the namespace of the VirtualService, so ` + "`shop`" + `
is served as ` + "`shop.default.svc.cluster.local`" + ` and never as ` + "`shop`" + `.

Capitals count: istiod compares the hosts as they are written, though it serves them in
small letters.

One of several gateways is enough, and a VirtualService that is bound to the mesh
too may have hosts for that alone.`,
		Fix: `- Add the host to a server of the Gateway, or write one that a server admits.
- Where the server is for another namespace, move the VirtualService or widen the entry.`,
		See: []string{"IST0132"},
	},
}

func gatewayHostMismatch(p *rule.Pass) {
	v := p.Mesh.VirtualService(p.Key.Name)
	if v == nil || v.Delegate() {
		return
	}
	gateways, all := storedGateways(p.Mesh, v.Gateways)
	if len(gateways) == 0 || !all {
		return
	}
	var without []int
	for i, host := range v.Hosts {
		if !slices.ContainsFunc(gateways, func(g *mesh.Gateway) bool { return admits(g, v, host) }) {
			without = append(without, i)
		}
	}
	if v.Mesh && len(without) < len(v.Hosts) {
		return
	}
	for _, i := range without {
		p.Report(mismatchedHost(v, gateways, i))
	}
}

// storedGateways returns the Gateways of some names, and whether all are known: one
// that is not stored where all should be admits nothing.
func storedGateways(view *mesh.View, names []string) (gateways []*mesh.Gateway, all bool) {
	all = true
	for _, name := range names {
		switch gateway := view.Gateway(name); {
		case gateway != nil:
			gateways = append(gateways, gateway)
		case mesh.Generated(name) || !view.Config().Complete:
			all = false
		}
	}
	return gateways, all
}

func admits(gateway *mesh.Gateway, v *mesh.VirtualService, host string) bool {
	return slices.ContainsFunc(gateway.Servers, func(s *mesh.Server) bool {
		_, _, ok := s.Admits(host, v.By.Namespace)
		return ok
	})
}

func mismatchedHost(v *mesh.VirtualService, gateways []*mesh.Gateway, index int) rule.Finding {
	host := v.Hosts[index]
	f := rule.Finding{
		Object:     v.By,
		Path:       fmt.Sprintf("spec.hosts[%d]", index),
		About:      host,
		Message:    fmt.Sprintf("host %s, which no server of Gateway %s admits", host, some(gatewayNames(gateways))),
		Viewpoints: atGateways(gatewayNames(gateways)...),
		Have:       serverHosts(gateways),
		Effect:     fmt.Sprintf("requests for %s get 404 NR there, or no connection", host),
		Fix:        "add the host to a server of the Gateway, or write one that a server admits",
		OtherFix:   fmt.Sprintf("keep a server host that admits %s, or first take the host out of %s", host, v.By),
		RestsOn:    namespacesOf(append(gatewayNames(gateways), v.Name())...),
	}
	for _, gateway := range gateways {
		for _, server := range gateway.Servers {
			for _, entry := range server.Hosts {
				if _, overlap := mesh.Overlap(strings.ToLower(entry.Host), strings.ToLower(host)); overlap {
					almostAdmitted(&f, host, v.By.Namespace, gateway, entry)
				}
			}
		}
	}
	return f
}

// almostAdmitted says what keeps an entry of a server from admitting a host.
func almostAdmitted(f *rule.Finding, host, namespace string, gateway *mesh.Gateway, entry mesh.ServerHost) {
	if entry.For(namespace) {
		f.Message = fmt.Sprintf("host %s, which Gateway %s has with other capitals, as %s", host, gateway.Name(), entry.Written)
		f.Fix = "write both in small letters: istiod compares them as they are written"
		return
	}
	f.Message = fmt.Sprintf("host %s, which Gateway %s admits from namespace %s only", host, gateway.Name(), entry.Namespace)
	f.Fix = fmt.Sprintf("move the VirtualService to namespace %s, or widen entry %q of the Gateway", entry.Namespace, entry.Written)
}

func gatewayNames(gateways []*mesh.Gateway) []string {
	var names []string
	for _, gateway := range gateways {
		if !slices.Contains(names, gateway.Name()) {
			names = append(names, gateway.Name())
		}
	}
	return names
}

func serverHosts(gateways []*mesh.Gateway) string {
	var hosts []string
	for _, gateway := range gateways {
		for _, server := range gateway.Servers {
			for _, entry := range server.Hosts {
				if !slices.Contains(hosts, entry.Written) {
					hosts = append(hosts, entry.Written)
				}
			}
		}
	}
	return some(hosts)
}
