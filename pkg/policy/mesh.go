package policy

import (
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Settings returns a mesh's settings with those of the file in place of others,
// field by field.
func (c *Config) Settings(base mesh.Config) mesh.Config {
	m := &c.Mesh
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
	override(&base.Revisions, m.Revisions)
	if len(m.selectors) > 0 {
		base.DiscoverySelectors = slices.Clone(m.selectors)
	}
	if m.ScopeGatewayToNamespace != nil {
		base.ScopeGatewayToNamespace = *m.ScopeGatewayToNamespace
	}
	base.KnownHosts = slices.Clone(m.KnownHosts)
	base.AllowedHosts = slices.Clone(c.AllowedHosts)
	for _, t := range c.Tenants {
		base.Tenants = append(base.Tenants, mesh.Tenant{
			Name: t.Name, Namespaces: t.Namespaces.Names, Selector: t.Namespaces.selector, Hosts: t.Hosts,
		})
	}
	return base
}
