package gen

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// The hosts outside of the cluster, which Gateways have, too.
const (
	hostAPI      = "api.example.com"
	hostShop     = "shop.example.com"
	hostWeb      = "web.shop.example.com"
	hostCapitals = "Shop.Example.com"
	hostAnyone   = "*.example.com"
	hostAnyShop  = "*.shop.example.com"
	hostGlobal   = "reviews.prod.global"
)

// makeServiceEntries makes one to three ServiceEntries.
func (m *maker) makeServiceEntries() {
	for range m.between(1, 3) {
		m.makeServiceEntry()
	}
}

func (m *maker) makeServiceEntry() {
	ns := m.anyNamespace()
	entry := &networkingv1.ServiceEntry{}
	entry.Spec.Location = networking.ServiceEntry_MESH_EXTERNAL
	entry.Spec.Hosts = m.entryHosts()
	wild := strings.HasPrefix(entry.Spec.Hosts[0], "*")
	var ports []port
	speaks := entryPorts
	if len(entry.Spec.Hosts) > 1 {
		speaks = entryPorts[:3] // by which hosts can be told apart
	}
	for _, p := range some(m, m.between(1, 2), speaks...) {
		entry.Spec.Ports = append(entry.Spec.Ports, &networking.ServicePort{Number: p.number, Name: p.name, Protocol: p.protocol})
		ports = append(ports, port{p.number, p.as})
	}
	versions := m.resolve(&entry.Spec, wild)
	hidden := false
	if m.oneIn(4) {
		entry.Spec.ExportTo = pick(m, []string{"*"}, []string{"."}, []string{"."}, []string{"~"}, []string{m.anyNamespace()})
		hidden = entry.Spec.ExportTo[0] != "*"
		m.feature("entry/exportTo")
	}
	m.add(entry, ns)
	for _, name := range entry.Spec.Hosts {
		if !m.hasHost(name) {
			m.hosts = append(m.hosts, &host{name: name, namespace: ns, ports: slices.Clone(ports), versions: versions, hidden: hidden})
		}
	}
}

var entryPorts = []struct {
	name, protocol string
	number         uint32
	as             protocol
}{
	{"http", "HTTP", 80, protocolHTTP},
	{"http-x", "HTTP", 8080, protocolHTTP},
	{"tls", "TLS", 443, protocolTLS},
	{"tcp", "TCP", 3306, protocolTCP},
}

// entryHosts are the hosts of a ServiceEntry: mostly one, and in worlds that go wrong
// sometimes one that another object declares already.
func (m *maker) entryHosts() []string {
	switch {
	case m.wrong(6):
		m.feature("entry/host-of-service")
		return []string{m.focus.name}
	case m.wrong(5) && m.hasHost(hostAPI):
		m.feature("entry/duplicate")
		return []string{hostAPI}
	case m.wrong(10):
		m.feature("entry/capitals")
		return []string{hostCapitals}
	case m.oneIn(6):
		m.feature("entry/global")
		return m.newHosts(hostGlobal)
	case m.oneIn(4):
		m.feature("entry/wildcard")
		return m.newHosts(pick(m, hostAnyone, hostAnyShop))
	case m.oneIn(6):
		m.feature("entry/several-hosts")
		return m.newHosts(hostAPI, hostShop)
	}
	return m.newHosts(pick(m, hostAPI, hostShop))
}

// newHosts are some hosts, unless one of them is declared in a careful world.
func (m *maker) newHosts(hosts ...string) []string {
	if m.careful && slices.ContainsFunc(hosts, m.hasHost) {
		return []string{fmt.Sprintf("x%d.example.org", len(m.hosts))}
	}
	return hosts
}

// resolve decides how the addresses of a ServiceEntry are found, and returns which
// versions its endpoints have.
func (m *maker) resolve(spec *networking.ServiceEntry, wild bool) (versions []string) {
	if wild || m.oneIn(8) {
		m.feature("entry/none")
		spec.Resolution = networking.ServiceEntry_NONE
		return nil
	}
	if m.oneIn(2) {
		m.feature("entry/static")
		spec.Resolution = networking.ServiceEntry_STATIC
		return m.addEndpoints(spec, func(n int) string { return fmt.Sprintf("10.1.0.%d", n) })
	}
	spec.Resolution = networking.ServiceEntry_DNS
	if m.oneIn(2) {
		m.feature("entry/dns")
		return nil
	}
	m.feature("entry/dns-endpoints")
	return m.addEndpoints(spec, func(n int) string { return fmt.Sprintf("e%d.example.net", n) })
}

func (m *maker) addEndpoints(spec *networking.ServiceEntry, address func(int) string) (versions []string) {
	versions = some(m, m.between(1, 3), "v1", "v2", "v3")
	for _, version := range versions {
		m.address++
		spec.Endpoints = append(spec.Endpoints, &networking.WorkloadEntry{
			Address: address(m.address),
			Labels:  map[string]string{"version": version},
		})
	}
	return versions
}
