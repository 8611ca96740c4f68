package istiod

import (
	"fmt"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/gateway"

	"github.com/meshward/meshward/test/oracle/world"
)

// Server is a server of a Gateway that istiod keeps when it merges those of a pod [4.9].
type Server struct {
	ServerRef
	Port int
	Bind string
	// Names are those by which clients are told apart, "*" among them for any; none
	// where the server speaks plaintext.
	Names []string
	// Passthrough is true where TLS is handed on, so that the names are those of the
	// routes instead.
	Passthrough bool
}

// ServerRef is the place of a server.
type ServerRef struct {
	By    world.Ref
	Index int
}

// nameServers writes the place of each server into its name, which istiod keeps.
func nameServers(gw *networkingv1.Gateway) {
	for i, server := range gw.Spec.GetServers() {
		server.Name = fmt.Sprintf("|%s|%s|%d|", gw.Namespace, gw.Name, i)
	}
}

// serversOf are the servers that istiod keeps for a proxy.
func serversOf(proxy *model.Proxy) map[ServerRef]Server {
	kept := map[ServerRef]Server{}
	if proxy.MergedGateway == nil {
		return kept
	}
	for at, merged := range proxy.MergedGateway.MergedServers {
		for _, server := range merged.Servers {
			origin := Origins(server.GetName())[0]
			ref := ServerRef{By: world.Ref{Kind: "Gateway", Namespace: origin.By.Namespace, Name: origin.By.Name}, Index: origin.Rule}
			one := Server{ServerRef: ref, Port: int(at.Number), Bind: at.Bind}
			if gateway.IsTLSServer(server) {
				one.Names, one.Passthrough = model.GetSNIHostsForServer(server), gateway.IsPassThroughServer(server)
			}
			kept[ref] = one
		}
	}
	return kept
}
