package policy

import (
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Settings returns a mesh's settings with those of the file in place of others,
// field by field.
func (m Mesh) Settings(base mesh.Config) mesh.Config {
	if m.Domain != "" {
		base.Domain = m.Domain
	}
	if m.RootNamespace != "" {
		base.RootNamespace = m.RootNamespace
	}
	override := func(field *[]string, value []string) {
		if len(value) > 0 {
			*field = slices.Clone(value)
		}
	}
	override(&base.DefaultServiceExportTo, m.DefaultServiceExportTo)
	override(&base.DefaultVirtualServiceExportTo, m.DefaultVirtualServiceExportTo)
	override(&base.DefaultDestinationRuleExportTo, m.DefaultDestinationRuleExportTo)
	return base
}
