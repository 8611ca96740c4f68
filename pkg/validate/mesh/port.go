package mesh

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Protocol is what istiod takes the traffic of a port for.
type Protocol string

// The protocols that lead to different configuration [4.3, 4.4].
const (
	ProtocolHTTP Protocol = "HTTP" // and HTTP/2 and gRPC
	ProtocolTLS  Protocol = "TLS"  // and HTTPS: encrypted by the client
	ProtocolTCP  Protocol = "TCP"
	ProtocolAuto Protocol = "auto" // told by the first bytes
	ProtocolUDP  Protocol = "UDP"  // never proxied
)

// Port is a port of a service, by the number that clients call.
type Port struct {
	Number   uint32
	Name     string
	Protocol Protocol
}

// protocols are the protocols by the names that ports, servers and appProtocols
// have for them.
var protocols = map[string]Protocol{
	"http":     ProtocolHTTP,
	"http2":    ProtocolHTTP,
	"grpc":     ProtocolHTTP,
	"grpc-web": ProtocolHTTP,
	"https":    ProtocolTLS,
	"tls":      ProtocolTLS,
	"tcp":      ProtocolTCP,
	"mongo":    ProtocolTCP,
	"mysql":    ProtocolTCP,
	"redis":    ProtocolTCP,
	"udp":      ProtocolUDP,
	// Names that Kubernetes standardises for appProtocol.
	"kubernetes.io/h2c": ProtocolHTTP,
	"kubernetes.io/ws":  ProtocolHTTP,
	"kubernetes.io/wss": ProtocolTLS,
}

// wellKnownTCP are ports whose clients wait for the server to speak first, so
// that istiod takes them for TCP where nothing is said of them [4.3].
var wellKnownTCP = map[int32]bool{25: true, 53: true, 3306: true, 27017: true}

// kubernetesProtocol is what istiod takes a port of a Kubernetes Service for: by
// its appProtocol, else by its name up to the first dash.
func kubernetesProtocol(p *corev1.ServicePort) Protocol {
	if p.Protocol == corev1.ProtocolUDP {
		return ProtocolUDP
	}
	name := p.Name
	if p.AppProtocol != nil {
		name = *p.AppProtocol
	}
	if protocol, ok := protocolNamed(name); ok {
		return protocol
	}
	if p.AppProtocol == nil && wellKnownTCP[p.Port] {
		return ProtocolTCP
	}
	return ProtocolAuto
}

// protocolNamed finds the protocol that a name starts with, up to a dash.
func protocolNamed(name string) (Protocol, bool) {
	name = strings.ToLower(name)
	if protocol, ok := protocols[name]; ok {
		return protocol, true
	}
	if strings.HasPrefix(name, "grpc-web-") {
		return ProtocolHTTP, true
	}
	short, _, _ := strings.Cut(name, "-")
	protocol, ok := protocols[short]
	return protocol, ok
}

// serves reports whether a section of a VirtualService acts on a port of this
// protocol at the sidecars [4.3, 4.4].
func (p Protocol) serves(section Section) bool {
	switch p {
	case ProtocolHTTP:
		return section == SectionHTTP
	case ProtocolTLS:
		return section == SectionTLS
	case ProtocolTCP:
		return section == SectionTCP
	case ProtocolAuto:
		return section != SectionTLS
	default:
		return false
	}
}
