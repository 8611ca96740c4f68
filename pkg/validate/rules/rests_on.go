package rules

import (
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// restsOn returns the namespaces whose objects decide who is given the routes of a
// VirtualService: those that say something of its hosts, and the given ones.
func restsOn(view *mesh.View, root *mesh.VirtualService, viewpoints mesh.Viewpoints, given ...string) []string {
	names := append([]string{root.By.Namespace}, given...)
	for _, host := range root.Hosts {
		names = append(names, view.Host(host).RestsOn(viewpoints)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
