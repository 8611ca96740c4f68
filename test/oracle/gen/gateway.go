package gen

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshward/meshward/test/oracle/world"
)

// edge is one server of a Gateway, with one of the hosts that it has.
type edge struct {
	gateway   *networkingv1.Gateway
	port      uint32
	host      string   // without the namespace before it
	within    string   // the only namespace whose VirtualServices it admits, or empty
	protocol  protocol // of the routes that it takes
	podsIn    string   // the namespace of the pods
	fragments int      // how many VirtualServices with HTTP rules it has by now
	routed    string   // the host of the last of them
}

// listener is a port that Gateways have, and what they speak there.
type listener struct {
	number   uint32
	protocol string
	mode     networking.ServerTLSSettings_TLSmode
	routes   protocol
}

var listeners = []listener{
	{80, "HTTP", 0, protocolHTTP},
	{80, "HTTP", 0, protocolHTTP},
	{8080, "HTTP2", 0, protocolHTTP},
	{443, "HTTPS", networking.ServerTLSSettings_SIMPLE, protocolHTTP},
	{443, "HTTPS", networking.ServerTLSSettings_MUTUAL, protocolHTTP},
	{443, "HTTPS", networking.ServerTLSSettings_PASSTHROUGH, protocolTLS},
	{15443, "TLS", networking.ServerTLSSettings_PASSTHROUGH, protocolTLS},
	{3306, "TCP", 0, protocolTCP},
}

// makeGateways makes one to three Gateways, and says where their pods run.
func (m *maker) makeGateways() {
	for range m.between(1, 3) {
		m.makeGateway()
	}
}

func (m *maker) makeGateway() {
	ns := pick(m, world.Root, world.Root, m.anyNamespace())
	gateway := &networkingv1.Gateway{}
	gateway.Spec.Selector = map[string]string{"istio": pick(m, "ingress", "ingress", "edge")}
	podsIn := m.makePods(gateway.Spec.Selector["istio"], ns)
	for nth := range m.between(1, 2) {
		on := pick(m, listeners...)
		if m.wrong(12) {
			on = m.oddListener()
		}
		server := m.server(on, nth)
		gateway.Spec.Servers = append(gateway.Spec.Servers, server)
		if m.wrong(30) {
			m.feature("gateway/all-before-others")
			server.Hosts = append([]string{"*/*"}, "./"+hostAPI)
			continue
		}
		for _, e := range m.serverHosts(server, on, ns) {
			e.gateway, e.podsIn = gateway, podsIn
			m.edges = append(m.edges, e)
		}
	}
	gateway.Spec.Servers = slices.DeleteFunc(gateway.Spec.Servers, func(s *networking.Server) bool { return len(s.Hosts) == 0 })
	if len(gateway.Spec.Servers) > 0 {
		m.add(gateway, ns)
	}
}

// oddListener speaks on a port what few speak there.
func (m *maker) oddListener() listener {
	m.feature("gateway/odd-listener")
	return pick(m,
		listener{80, "TCP", 0, protocolTCP},
		listener{3306, "MONGO", 0, protocolTCP},
		listener{443, "HTTP", 0, protocolHTTP},
		listener{15443, "TLS", networking.ServerTLSSettings_AUTO_PASSTHROUGH, protocolTLS},
	)
}

func (m *maker) server(on listener, nth int) *networking.Server {
	m.feature(fmt.Sprintf("gateway/%s:%d", on.protocol, on.number))
	server := &networking.Server{Port: &networking.Port{
		Number:   on.number,
		Name:     fmt.Sprintf("p%d-%d", on.number, nth),
		Protocol: on.protocol,
	}}
	if on.protocol == "HTTPS" || on.protocol == "TLS" {
		m.feature("gateway/tls:" + on.mode.String())
		server.Tls = &networking.ServerTLSSettings{Mode: on.mode}
		if on.mode == networking.ServerTLSSettings_SIMPLE || on.mode == networking.ServerTLSSettings_MUTUAL {
			server.Tls.CredentialName = "certificate"
		}
	} else if on.number == 80 && on.protocol == "HTTP" && m.oneIn(10) {
		m.feature("gateway/https-redirect")
		server.Tls = &networking.ServerTLSSettings{HttpsRedirect: true}
	}
	return server
}

// serverHosts gives a server one or two hosts. A careful world has no host twice where
// servers speak TLS, and no two servers without names on one port.
func (m *maker) serverHosts(server *networking.Server, on listener, ns string) []*edge {
	var made []*edge
	for _, host := range some(m, m.between(1, 2), hostAPI, hostShop, hostAnyone, "*") {
		e := &edge{port: on.number, host: host, protocol: on.routes}
		if m.careful && m.taken(e) || slices.ContainsFunc(made, func(o *edge) bool { return overlap(o.host, host) }) {
			continue
		}
		made = append(made, e)
		switch m.IntN(7) {
		case 0:
			m.feature("gateway/host-any-namespace")
			host = "*/" + host
		case 1:
			m.feature("gateway/host-own-namespace")
			e.within, host = ns, "./"+host
		case 2:
			e.within = m.anyNamespace()
			m.feature("gateway/host-one-namespace")
			host = e.within + "/" + host
		}
		server.Hosts = append(server.Hosts, host)
	}
	return made
}

// taken reports whether another server stands in the way of one. Plain HTTP servers
// share their port.
func (m *maker) taken(e *edge) bool {
	return slices.ContainsFunc(m.edges, func(o *edge) bool {
		if o.port != e.port {
			return false
		}
		if o.protocol != e.protocol || e.protocol == protocolTCP {
			return true
		}
		return e.port != 80 && e.port != 8080 && overlap(o.host, e.host)
	})
}

// makePods makes the Service in front of the pods of a Gateway, unless there is one,
// and returns where the pods run. Without a Service that is the Gateway's namespace.
func (m *maker) makePods(label, ns string) string {
	if podsIn, made := m.pods[label]; made {
		if podsIn == "" {
			return ns
		}
		return podsIn
	}
	if m.oneIn(5) {
		m.feature("gateway/no-service")
		m.pods[label] = ""
		return ns
	}
	podsIn := pick(m, world.Root, world.Root, ns)
	m.pods[label] = podsIn
	service := &corev1.Service{Spec: corev1.ServiceSpec{
		Type:     corev1.ServiceTypeClusterIP,
		Selector: map[string]string{"istio": label},
	}}
	for _, number := range []int32{80, 8080, 443, 15443, 3306} {
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{
			Name:       fmt.Sprintf("tcp-%d", number),
			Port:       number,
			Protocol:   corev1.ProtocolTCP,
			TargetPort: intstr.FromInt32(number),
		})
	}
	if podsIn != world.Root {
		m.feature("gateway/pods-with-applications")
	}
	m.put(service, podsIn, label)
	return podsIn
}
