package rules

import (
	"fmt"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// RedundantGatewayHosts finds servers that list other hosts behind "*/*" [7.7].
var RedundantGatewayHosts = &rule.Rule{
	Name:     "redundant-gateway-hosts",
	Severity: rule.Error,
	On:       mesh.SubjectGateway,
	Run:      redundantGatewayHosts,
	Doc: rule.Doc{
		Title: "A server of a Gateway lists more hosts behind `*/*`",
		Why:   "`*/*` stands for every host of every namespace, so an entry behind it is\nredundant. Such a list is also mishandled by istiod.",
		Fix: `- Keep ` + "`*/*`" + ` alone, if the server is for every host.
- Otherwise remove it and keep the entries that are meant.`,
		See: nil,
	},
}

func redundantGatewayHosts(p *rule.Pass) {
	gateway := p.Mesh.Gateway(p.Key.Name)
	if gateway == nil {
		return
	}
	for _, server := range gateway.Servers {
		everything := false
		for i, host := range server.Hosts {
			if everything && (strings.HasPrefix(host.Written, "./") || strings.HasPrefix(host.Written, "*/")) {
				p.Report(rule.Finding{
					Object:     gateway.By,
					Path:       fmt.Sprintf("spec.servers[%d].hosts[%d]", server.Index, i),
					About:      fmt.Sprintf("port %d", server.Port),
					Message:    fmt.Sprintf("host %q on port %d stands behind \"*/*\", which is for every host already", host.Written, server.Port),
					Viewpoints: atGateways(gateway.Name()),
					Effect:     "redundant, and mishandled by istiod",
					Fix:        "keep \"*/*\" alone, or remove it and keep the other hosts",
					RestsOn:    namespacesOf(gateway.Name()),
				})
				break
			}
			everything = everything || host.Written == "*/*"
		}
	}
}
