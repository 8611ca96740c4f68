package gen

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// makeSidecars narrows what some clients are told of.
func (m *maker) makeSidecars() {
	for range m.between(1, 2) {
		m.makeSidecar()
	}
}

func (m *maker) makeSidecar() {
	ns := m.anyNamespace()
	sidecar := &networkingv1.Sidecar{}
	switch {
	case m.oneIn(5):
		m.feature("sidecar/root")
		ns = world.Root
	case m.oneIn(3):
		m.feature("sidecar/workload-selector")
		sidecar.Spec.WorkloadSelector = &networking.WorkloadSelector{Labels: m.clientLabels()}
	default:
		m.feature("sidecar/namespace")
	}
	if m.oneIn(6) {
		m.feature("sidecar/port")
		sidecar.Spec.Egress = append(sidecar.Spec.Egress, &networking.IstioEgressListener{
			Port:  &networking.SidecarPort{Number: 80, Name: "http", Protocol: "HTTP"},
			Hosts: m.egressHosts(),
		})
	}
	sidecar.Spec.Egress = append(sidecar.Spec.Egress, &networking.IstioEgressListener{Hosts: m.egressHosts()})
	m.add(sidecar, ns)
}

func (m *maker) egressHosts() []string {
	if m.oneIn(6) {
		m.feature("sidecar/nothing")
		return []string{"~/*"}
	}
	h := m.focus
	hosts := some(m, m.between(1, 3), "./*", "*/*", world.Root+"/*", m.anyNamespace()+"/*", h.namespace+"/"+h.name, "*/"+h.name)
	for i, host := range hosts {
		if i > 0 && host == hosts[i-1] {
			return hosts[:i]
		}
	}
	m.feature("sidecar/egress")
	return hosts
}
