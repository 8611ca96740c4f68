package mesh

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// serviceEntry is what a ServiceEntry says. Its hosts are taken as they are
// written: they are never expanded [1.3].
type serviceEntry struct {
	hosts      []string
	exportTo   []string
	ports      []Port
	resolution networking.ServiceEntry_Resolution
	labels     map[string]string // its own: istiod merges only what has the same
	selector   map[string]string // nil for none
	endpoints  []map[string]string
}

func newServiceEntry(spec *networking.ServiceEntry, labels map[string]string) *serviceEntry {
	said := &serviceEntry{hosts: spec.GetHosts(), exportTo: spec.GetExportTo(), resolution: spec.GetResolution(), labels: labels}
	if selector := spec.GetWorkloadSelector(); selector != nil {
		said.selector = map[string]string{}
		maps.Copy(said.selector, selector.GetLabels())
	}
	for _, p := range spec.GetPorts() {
		protocol, known := protocolNamed(p.GetProtocol())
		if !known {
			protocol = ProtocolAuto
		}
		said.ports = append(said.ports, Port{Number: p.GetNumber(), Name: p.GetName(), Protocol: protocol})
	}
	for _, e := range spec.GetEndpoints() {
		said.endpoints = append(said.endpoints, e.GetLabels())
	}
	return said
}

func (s *serviceEntry) assert(by *Object, cfg *Config, to *facts) {
	visible := exportedTo(s.exportTo, by.Namespace, cfg.DefaultServiceExportTo)
	for _, host := range s.hosts {
		to.declare(&Declaration{
			By:         by,
			Host:       host,
			Visible:    visible,
			Ports:      s.ports,
			ByEndpoint: s.byEndpoint(),
			Dynamic:    s.resolution == networking.ServiceEntry_DYNAMIC_DNS,
			mergeable:  s.mergeable(),
			Endpoints:  s.knownEndpoints(),
			Bare:       s.selector == nil && len(s.endpoints) == 0,
		})
	}
}

// byEndpoint is false where a cluster exists only if it has endpoints: those that
// the proxy itself looks up by DNS [5].
func (s *serviceEntry) byEndpoint() bool {
	return s.resolution != networking.ServiceEntry_DNS && s.resolution != networking.ServiceEntry_DNS_ROUND_ROBIN
}

// knownEndpoints are the labels of the endpoints, where the entry itself tells
// them all: one that names none and selects none has a single endpoint without
// labels, its own host [6.3].
func (s *serviceEntry) knownEndpoints() []map[string]string {
	if s.selector != nil {
		return nil
	}
	if len(s.endpoints) == 0 {
		return []map[string]string{nil}
	}
	return s.endpoints
}

// mergeable is equal for two entries of a namespace whose ports istiod merges
// where they declare one host [1.10].
func (s *serviceEntry) mergeable() string {
	exportTo := slices.Clone(s.exportTo)
	slices.Sort(exportTo)
	selector := "none"
	if s.selector != nil {
		selector = strings.Join(labelPairs(s.selector), ",")
	}
	return strings.Join([]string{s.resolution.String(), selector, strings.Join(exportTo, ","), strings.Join(labelPairs(s.labels), ",")}, ";")
}
