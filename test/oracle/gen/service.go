package gen

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// servicePort is a port as Services declare it.
type servicePort struct {
	name        string
	number      int32
	appProtocol string
	protocol    protocol
	feature     string
}

var webPorts = []servicePort{
	{"http", 80, "", protocolHTTP, ""},
	{"http", 80, "", protocolHTTP, ""},
	{"http", 9080, "", protocolHTTP, ""},
	{"http-x", 8080, "", protocolHTTP, ""},
	{"grpc", 9090, "", protocolHTTP, "service/grpc"},
	{"", 8000, "", protocolHTTP, "service/unnamed-port"},
	{"web", 80, "http", protocolHTTP, "service/app-protocol"},
}

var otherPorts = []servicePort{
	{"tcp", 9000, "", protocolTCP, "service/tcp"},
	{"tcp-db", 3306, "", protocolTCP, "service/tcp"},
	{"https", 443, "", protocolTLS, "service/https"},
	{"tls", 8443, "", protocolTLS, "service/tls"},
	{"http-x", 8080, "", protocolHTTP, ""},
	{"dns", 53, "", protocolUDP, "service/udp"},
}

// makeServices makes two to five Services. The first one is what the world is about, so
// it is an ordinary one.
func (m *maker) makeServices() {
	for i := range m.between(2, 5) {
		ns := m.anyNamespace()
		name := pick(m, "reviews", "reviews", "ratings", "db")
		if m.hasHost(name + "." + ns + domain) {
			continue
		}
		if i > 1 && m.oneIn(6) {
			m.makeExternalName(ns, name)
			continue
		}
		m.makeService(ns, name, i == 0)
	}
	m.focus = m.hosts[0]
}

func (m *maker) hasHost(name string) bool {
	for _, h := range m.hosts {
		if h.name == name {
			return true
		}
	}
	return false
}

func (m *maker) makeService(ns, name string, plain bool) {
	service := &corev1.Service{Spec: corev1.ServiceSpec{
		Type:     corev1.ServiceTypeClusterIP,
		Selector: map[string]string{"app": name},
	}}
	h := &host{name: name + "." + ns + domain, short: name, namespace: ns, versions: []string{"v1", "v2", "v3"}}
	m.addPorts(service, h, plain)
	switch {
	case plain:
	case m.oneIn(8):
		m.feature("service/headless")
		service.Spec.ClusterIP = corev1.ClusterIPNone
	case m.oneIn(6):
		service.Annotations = map[string]string{"networking.istio.io/exportTo": m.serviceExportTo(h)}
	}
	m.put(service, ns, name)
	m.hosts = append(m.hosts, h)
}

func (m *maker) addPorts(service *corev1.Service, h *host, plain bool) {
	ports := []servicePort{pick(m, webPorts...)}
	if !plain && m.oneIn(3) {
		ports = []servicePort{pick(m, otherPorts[:4]...)}
	}
	if m.oneIn(3) {
		m.feature("service/several-ports")
		ports = append(ports, pick(m, otherPorts...))
	}
	if len(ports) > 1 && (ports[0].number == ports[1].number || ports[0].name == ports[1].name || ports[0].name == "") {
		ports = ports[:1]
	}
	for _, p := range ports {
		if p.feature != "" {
			m.feature(p.feature)
		}
		transport := corev1.ProtocolTCP
		if p.protocol == protocolUDP {
			transport = corev1.ProtocolUDP
		}
		declared := corev1.ServicePort{Name: p.name, Port: p.number, Protocol: transport, TargetPort: intstr.FromInt32(p.number)}
		if p.appProtocol != "" {
			declared.AppProtocol = &p.appProtocol
		}
		service.Spec.Ports = append(service.Spec.Ports, declared)
		h.ports = append(h.ports, port{uint32(p.number), p.protocol})
	}
}

func (m *maker) serviceExportTo(h *host) string {
	exportTo := pick(m, "*", ".", "~", "prod", ".,prod", ". , team-a")
	m.feature("service/exportTo:" + exportTo)
	h.hidden = exportTo != "*"
	return exportTo
}

// makeExternalName makes another name for a host that there is, or for one that there
// is not.
func (m *maker) makeExternalName(ns, name string) {
	m.feature("service/external-name")
	target := pick(m, m.hosts...)
	service := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: target.name}}
	h := &host{name: name + "." + ns + domain, short: name, namespace: ns, alias: true, ports: target.ports, subsets: target.subsets}
	if m.wrong(4) {
		m.feature("service/external-name-unknown")
		service.Spec.ExternalName = "nowhere.example.com"
	}
	if m.oneIn(2) {
		m.feature("service/external-name-ports")
		m.addPorts(service, &host{}, true)
	}
	m.put(service, ns, name)
	m.hosts = append(m.hosts, h)
}
