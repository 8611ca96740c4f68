package mesh

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Gateway is what a Gateway object says: the servers that some pods, its
// workload, open.
type Gateway struct {
	By *Object
	// Selector picks the pods, as "key=value,…" in order; empty for every router.
	Selector string
	Servers  []*Server

	labels map[string]string
}

// Name is the "namespace/name" of the Gateway, as VirtualServices refer to it.
func (g *Gateway) Name() string { return g.By.Key() }

// Server is one server of a Gateway.
type Server struct {
	Index int
	Port  uint32
	// PortName is the name of the port, by which HTTPS servers of one Gateway are
	// told apart.
	PortName string
	// Protocol as it is written, in capitals.
	Protocol string
	// TLS is the mode of the server's TLS, empty for none.
	TLS string
	// Redirects is true where every request is told to come back over HTTPS, so that
	// no route is taken.
	Redirects bool
	Bind      string
	Name      string
	Hosts     []ServerHost

	settings string // those of TLS, for comparison
}

// ServerHost is one entry of a server's hosts: a host, and the namespaces whose
// VirtualServices it is for.
type ServerHost struct {
	// Namespace is one name, or "*" for any.
	Namespace string
	Host      string
	// Written is the entry as the object has it.
	Written string
}

// gatewaySpec is what a Gateway says.
type gatewaySpec struct {
	selector map[string]string
	servers  []*Server
}

func newGateway(spec *networking.Gateway) *gatewaySpec {
	said := &gatewaySpec{selector: spec.GetSelector()}
	for i, s := range spec.GetServers() {
		server := &Server{
			Index:    i,
			Port:     s.GetPort().GetNumber(),
			PortName: s.GetPort().GetName(),
			Protocol: strings.ToUpper(s.GetPort().GetProtocol()),
			Bind:     s.GetBind(),
			Name:     s.GetName(),
		}
		if s.GetTls() != nil {
			server.TLS = s.GetTls().GetMode().String()
			server.Redirects = s.GetTls().GetHttpsRedirect()
			if text, err := s.GetTls().MarshalJSON(); err == nil {
				server.settings = string(text)
			}
		}
		for _, host := range s.GetHosts() {
			server.Hosts = append(server.Hosts, ServerHost{Written: host})
		}
		said.servers = append(said.servers, server)
	}
	return said
}

func (g *gatewaySpec) assert(by *Object, _ *Config, to *facts) {
	gateway := &Gateway{By: by, Selector: strings.Join(labelPairs(g.selector), ","), labels: g.selector}
	for _, server := range g.servers {
		resolved := *server
		resolved.Hosts = make([]ServerHost, 0, len(server.Hosts))
		for _, host := range server.Hosts {
			entry := serverHost(host.Written, by.Namespace)
			resolved.Hosts = append(resolved.Hosts, entry)
			to.link(opens, VirtualHostKey(gateway.Selector, entry.Host).Name)
		}
		gateway.Servers = append(gateway.Servers, &resolved)
	}
	to.gateway = gateway
	gateway.link(to)
	to.link(picks, labelPairs(g.selector)...)
}

// serverHost reads an entry of a server's hosts: "host" and "*/host" are for any
// namespace, "./host" is for the Gateway's own [4.7].
func serverHost(written, own string) ServerHost {
	namespace, host, qualified := strings.Cut(written, "/")
	switch {
	case !qualified:
		return ServerHost{Namespace: "*", Host: written, Written: written}
	case namespace == ".":
		namespace = own
	}
	return ServerHost{Namespace: namespace, Host: host, Written: written}
}

// For reports whether the entry is for VirtualServices of a namespace.
func (h ServerHost) For(namespace string) bool {
	return h.Namespace == "*" || h.Namespace == namespace
}

// Section is the section of a VirtualService that routes the traffic of the
// server; empty for a protocol that istiod does not know, and where none does [4.8].
func (s *Server) Section() Section {
	passthrough := s.TLS == networking.ServerTLSSettings_PASSTHROUGH.String()
	if s.automatic() && !s.Plaintext() {
		return ""
	}
	switch s.Protocol {
	case "HTTP", "HTTP2", "GRPC", "GRPC-WEB":
		return SectionHTTP
	case "HTTPS":
		if passthrough {
			return SectionTLS
		}
		return SectionHTTP
	case "TLS":
		if passthrough {
			return SectionTLS
		}
		return SectionTCP
	case "TCP", "MONGO", "MYSQL", "REDIS":
		return SectionTCP
	default:
		return ""
	}
}

// automatic reports whether the server passes connections on by the clusters that their
// SNI names, whatever VirtualServices say [4.8].
func (s *Server) automatic() bool {
	return s.TLS == networking.ServerTLSSettings_AUTO_PASSTHROUGH.String()
}

// Plaintext reports whether the server shares its port's listener with every
// other plaintext server there, rather than being told apart by SNI [4.9].
func (s *Server) Plaintext() bool { return s.Protocol != "HTTPS" && s.Protocol != "TLS" }

// Admits returns the entry of the server's hosts that lets a VirtualService of a
// namespace serve a host, the name under which it does, the narrower of the two in
// small letters [4.7], and whether there is one. istiod compares them as they are written.
func (s *Server) Admits(host, namespace string) (entry ServerHost, served string, ok bool) {
	for _, h := range s.Hosts {
		if !h.For(namespace) {
			continue
		}
		if narrower, overlap := Overlap(h.Host, host); overlap {
			return h, strings.ToLower(narrower), true
		}
	}
	return ServerHost{}, "", false
}
