package mesh

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// exportToAnnotation limits where a Service can be seen, as exportTo does in
// the objects that have such a field [2.1].
const exportToAnnotation = "networking.istio.io/exportTo"

// Declaration is one entry of the service registry: a host that exists.
type Declaration struct {
	By      *Object
	Host    string
	Visible Namespaces
	// Alias is the host that an ExternalName Service stands for [1.9].
	Alias string
}

// service is what a Kubernetes Service says.
type service struct {
	exportTo []string
	alias    string
}

func newService(s *corev1.Service) *service {
	said := &service{}
	for part := range strings.SplitSeq(s.Annotations[exportToAnnotation], ",") {
		if part = strings.TrimSpace(part); part != "" {
			said.exportTo = append(said.exportTo, part)
		}
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		said.alias = s.Spec.ExternalName
	}
	return said
}

func (s *service) assert(by *Object, cfg *Config, to facts) {
	to.declare(&Declaration{
		By:      by,
		Host:    serviceHost(by.Name, by.Namespace, cfg.Domain),
		Visible: exportedTo(s.exportTo, by.Namespace, cfg.DefaultServiceExportTo),
		Alias:   s.alias,
	})
}

func (s *service) same(o assertions) bool {
	other, ok := o.(*service)
	return ok && s.alias == other.alias && slices.Equal(s.exportTo, other.exportTo)
}
