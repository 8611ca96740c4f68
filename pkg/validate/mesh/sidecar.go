package mesh

import (
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Sidecar is what a Sidecar says about what its workloads import [2.7, 2.8].
type Sidecar struct {
	By *Object
	// Selects is true where it is for some workloads of its namespace only.
	Selects bool

	egress []string // as "namespace/host"; none for everything
}

type sidecarSpec struct {
	selects bool
	egress  []string
}

func newSidecar(spec *networking.Sidecar) *sidecarSpec {
	said := &sidecarSpec{selects: len(spec.GetWorkloadSelector().GetLabels()) > 0}
	for _, listener := range spec.GetEgress() {
		said.egress = append(said.egress, listener.GetHosts()...)
	}
	return said
}

func (s *sidecarSpec) assert(by *Object, _ *Config, to *facts) {
	to.sidecar = &Sidecar{By: by, Selects: s.selects, egress: s.egress}
}

// imports reports whether clients of a namespace that use the Sidecar are given
// a VirtualService [2.8]: by the namespace that it is stored in, and any of its hosts.
func (s *Sidecar) imports(v *VirtualService, client string) bool {
	if len(s.egress) == 0 {
		return true
	}
	imported := false
	for _, entry := range s.egress {
		namespace, host, _ := strings.Cut(entry, "/")
		excluded := strings.HasPrefix(namespace, "~")
		if !namespaceMatches(strings.TrimPrefix(namespace, "~"), v.By.Namespace, client) {
			continue
		}
		for _, claimed := range v.Hosts {
			if _, overlap := Overlap(host, claimed); overlap {
				imported = !excluded
				if excluded {
					return false
				}
			}
		}
	}
	return imported
}

func namespaceMatches(pattern, namespace, client string) bool {
	return pattern == "*" || pattern == namespace || pattern == "." && namespace == client
}

// sidecars returns the Sidecars that workloads of a namespace may use, and
// whether each of them uses one [2.7]: its own, and the mesh's default for those
// that none of them is for.
func (s *Snapshot) sidecars(namespace string) (found []*Sidecar, all bool) {
	for sidecar := range s.sidecarsIn(namespace) {
		if sidecar.Selects {
			found = append(found, sidecar)
		}
	}
	byDefault := s.defaultSidecars(namespace)
	if len(byDefault) == 0 && namespace != s.cfg.RootNamespace {
		byDefault = s.defaultSidecars(s.cfg.RootNamespace)
	}
	return append(found, byDefault...), len(byDefault) > 0
}

// defaultSidecars returns the Sidecar of a namespace that is for all workloads: the
// oldest, and where ages are not known, those that may be the oldest.
func (s *Snapshot) defaultSidecars(namespace string) []*Sidecar {
	var all []*Sidecar
	for sidecar := range s.sidecarsIn(namespace) {
		if !sidecar.Selects {
			all = append(all, sidecar)
		}
	}
	return dropped(all, func(younger *Sidecar) bool {
		return slices.ContainsFunc(all, func(o *Sidecar) bool {
			older, known := o.By.Older(younger.By)
			return older && known
		})
	})
}

// imports reports whether any sidecar of a namespace is given a VirtualService, as
// far as Sidecars decide it.
func (s *Snapshot) imports(v *VirtualService, client string) bool {
	sidecars, all := s.sidecars(client)
	if !all {
		return true
	}
	for _, sidecar := range sidecars {
		if sidecar.imports(v, client) {
			return true
		}
	}
	return false
}

// importsWith reports whether every sidecar of a namespace that is given one
// VirtualService is given another as well, as far as Sidecars decide it.
func (s *Snapshot) importsWith(one, other *VirtualService, client string) bool {
	sidecars, _ := s.sidecars(client)
	return !slices.ContainsFunc(sidecars, func(sidecar *Sidecar) bool {
		return sidecar.imports(one, client) && !sidecar.imports(other, client)
	})
}

// sidecarsIn are the Sidecars of a namespace that istiod reads, in order.
func (s *Snapshot) sidecarsIn(namespace string) iter.Seq[*Sidecar] {
	return func(yield func(*Sidecar) bool) {
		if namespace == "" {
			return
		}
		for h := range s.stored(KindSidecar, namespace) {
			if h.sidecar != nil && !yield(h.sidecar) {
				return
			}
		}
	}
}
