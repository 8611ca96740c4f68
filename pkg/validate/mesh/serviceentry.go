package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// serviceEntry is what a ServiceEntry says. Its hosts are taken as they are
// written: they are never expanded [1.3].
type serviceEntry struct {
	hosts    []string
	exportTo []string
}

func newServiceEntry(spec *networking.ServiceEntry) *serviceEntry {
	return &serviceEntry{hosts: spec.GetHosts(), exportTo: spec.GetExportTo()}
}

func (s *serviceEntry) assert(by *Object, cfg *Config, to facts) {
	visible := exportedTo(s.exportTo, by.Namespace, cfg.DefaultServiceExportTo)
	for _, host := range s.hosts {
		to.declare(&Declaration{By: by, Host: host, Visible: visible})
	}
}

func (s *serviceEntry) same(o assertions) bool {
	other, ok := o.(*serviceEntry)
	return ok && slices.Equal(s.hosts, other.hosts) && slices.Equal(s.exportTo, other.exportTo)
}
