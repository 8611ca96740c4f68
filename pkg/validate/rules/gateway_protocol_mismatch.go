package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// GatewayProtocolMismatch finds routes of a section that no server of their
// gateways acts on [4.8].
var GatewayProtocolMismatch = &rule.Rule{
	Name:     "gateway-protocol-mismatch",
	Severity: rule.Warning,
	On:       mesh.SubjectVirtualService,
	Run:      gatewayProtocolMismatch,
	Doc: rule.Doc{
		Title: "Routes for one protocol are bound to servers of another",
		Why: `A server of a Gateway acts on one section of a VirtualService:

| server | section |
|---|---|
| HTTP, HTTP2, GRPC; HTTPS that is terminated | ` + "`http`" + ` |
| HTTPS or TLS in mode PASSTHROUGH | ` + "`tls`" + ` |
| TCP and its like; TLS that is terminated | ` + "`tcp`" + ` |
| HTTPS or TLS in mode AUTO_PASSTHROUGH | none: the SNI names the cluster |

The other sections are ignored there. ` + "`tls`" + ` routes on a server that terminates TLS
end in **404 NR**, since nothing is left that could route. ` + "`http`" + ` routes on a
PASSTHROUGH or TCP server leave it without a route, and a listener without any route
is not even opened: the connection is refused.`,
		Fix: `- Move the routes to the section that the server acts on.
- Or change protocol and TLS mode of the server: PASSTHROUGH for ` + "`tls`" + ` routes,
  SIMPLE or MUTUAL for ` + "`http`" + ` routes behind HTTPS.`,
		See: nil,
	},
}

func gatewayProtocolMismatch(p *rule.Pass) {
	v := p.Mesh.VirtualService(p.Key.Name)
	if v == nil || v.Delegate() {
		return
	}
	reported := map[mesh.Section]bool{}
	for _, r := range v.Routes {
		if reported[r.Section] {
			continue
		}
		gateways, all := storedGateways(p.Mesh, onlyAt(v, r))
		servers := admitting(gateways, v)
		fits := func(s *mesh.Server) bool { return s.Section() == r.Section }
		if !all || len(servers) == 0 || slices.ContainsFunc(servers, fits) {
			continue
		}
		reported[r.Section] = true
		p.Report(mismatchedSection(v, r, gateways, servers))
	}
}

// onlyAt returns the gateways that a route is for, none where it is for the sidecars
// as well.
func onlyAt(v *mesh.VirtualService, r *mesh.Route) []string {
	if len(r.Matches) == 0 {
		if v.Mesh {
			return nil
		}
		return v.Gateways
	}
	var gateways []string
	for _, m := range r.Matches {
		switch {
		case len(m.Gateways) == 0 && !v.Mesh:
			return v.Gateways
		case len(m.Gateways) == 0, v.Mesh && slices.Contains(m.Gateways, "mesh"):
			return nil
		}
		for _, name := range m.Gateways {
			if slices.Contains(v.Gateways, name) {
				gateways = append(gateways, name)
			}
		}
	}
	return gateways
}

// admitting returns the servers that admit any host of a VirtualService.
func admitting(gateways []*mesh.Gateway, v *mesh.VirtualService) []*mesh.Server {
	var servers []*mesh.Server
	for _, gateway := range gateways {
		for _, server := range gateway.Servers {
			if server.AdmitsAny(v) {
				servers = append(servers, server)
			}
		}
	}
	return servers
}

func mismatchedSection(v *mesh.VirtualService, r *mesh.Route, gateways []*mesh.Gateway, servers []*mesh.Server) rule.Finding {
	var kinds []string
	http := false
	for _, s := range servers {
		kind := fmt.Sprintf("%d %s", s.Port, s.Protocol)
		if s.TLS != "" {
			kind += " " + s.TLS
		}
		if section := s.Section(); section != "" {
			kind += fmt.Sprintf(" (%s routes)", section)
		}
		http = http || s.Section() == mesh.SectionHTTP
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	f := rule.Finding{
		Object:     v.By,
		Path:       "spec." + r.Field(),
		About:      string(r.Section),
		Message:    fmt.Sprintf("%s routes, which no server of Gateway %s acts on", r.Section, some(gatewayNames(gateways))),
		Viewpoints: atGateways(gatewayNames(gateways)...),
		Have:       some(kinds),
		Effect:     "the routes are ignored: without others the server is not opened, and the connection is refused",
		Fix:        "move the routes to the section that the server acts on, or change the server's protocol or TLS mode",
		OtherFix:   fmt.Sprintf("keep a server for %s routes, or first change %s", strings.ToUpper(string(r.Section)), v.By),
		RestsOn:    namespacesOf(append(gatewayNames(gateways), v.Name())...),
	}
	if http {
		f.Effect = "the routes are ignored: without others the requests get 404 NR"
	}
	return f
}
