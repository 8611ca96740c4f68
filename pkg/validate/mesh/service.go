package mesh

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// exportToAnnotation limits where a Service can be seen, as exportTo does in
// the objects that have such a field [2.1].
const exportToAnnotation = "networking.istio.io/exportTo"

// service is what a Kubernetes Service says.
type service struct {
	exportTo []string
	alias    string
	ports    []Port
	selector map[string]string
}

func newService(s *corev1.Service) *service {
	said := &service{selector: s.Spec.Selector}
	for part := range strings.SplitSeq(s.Annotations[exportToAnnotation], ",") {
		if part = strings.TrimSpace(part); part != "" {
			said.exportTo = append(said.exportTo, part)
		}
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		said.alias = s.Spec.ExternalName
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		said.ports = append(said.ports, Port{Number: uint32(p.Port), Name: p.Name, Protocol: kubernetesProtocol(p)})
	}
	return said
}

func (s *service) assert(by *Object, cfg *Config, to *facts) {
	to.declare(&Declaration{
		By:         by,
		Host:       serviceHost(by.Name, by.Namespace, cfg.Domain),
		Visible:    exportedTo(s.exportTo, by.Namespace, cfg.DefaultServiceExportTo),
		Alias:      s.alias,
		Ports:      s.ports,
		ByEndpoint: true,
	})
	if s.alias != "" {
		to.link(standsFor, s.alias)
		return // it has no pods
	}
	to.selects = s.selector
	to.link(selects, labelPairs(s.selector)...)
}

// labelPairs are labels as "key=value", in order.
func labelPairs(labels map[string]string) []string {
	pairs := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return pairs
}
