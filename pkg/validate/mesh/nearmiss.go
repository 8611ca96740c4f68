package mesh

import (
	"slices"
	"strings"
)

// nearby returns the Gateways that a VirtualService may mean where one that it
// names is not there: those of the same name in its own namespace and in the root
// namespace.
func (v *VirtualService) nearby(root string) []string {
	var names []string
	for _, name := range v.Gateways {
		names = append(names, sameName(name, v.By.Namespace, root)...)
	}
	return names
}

func sameName(gateway string, namespaces ...string) []string {
	var names []string
	_, short, _ := strings.Cut(gateway, "/")
	for _, namespace := range namespaces {
		if name := namespace + "/" + short; name != gateway && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// NearGateways returns the Gateways that a VirtualService may mean by the name of
// one that is not there.
func (v *View) NearGateways(by *VirtualService, gateway string) []string {
	return slices.DeleteFunc(sameName(gateway, by.By.Namespace, v.snapshot.cfg.RootNamespace), func(name string) bool {
		return v.Gateway(name) == nil
	})
}

// Generated reports whether a Gateway of this name is made by istiod itself and
// never stored.
func Generated(gateway string) bool { return generatedGateway(gateway) }
