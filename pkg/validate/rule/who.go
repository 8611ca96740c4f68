package rule

import (
	"fmt"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// mostNames is how many names a sentence lists before it only counts them.
const mostNames = 5

// Who says in words for whom a finding is so: "clients in every namespace but
// test; gateway istio-system/ingressgateway".
func Who(viewpoints mesh.Viewpoints) string {
	var everyone bool
	var namespaces, gateways []string
	holding, but := viewpoints.Holding()
	for _, at := range holding {
		switch {
		case at.Gateway != "":
			gateways = append(gateways, at.Gateway)
		case at.Namespace == "":
			everyone = true
		default:
			namespaces = append(namespaces, clients(at))
		}
	}
	var exceptions []string
	for _, at := range but {
		exceptions = append(exceptions, clients(at))
	}
	var parts []string
	if everyone {
		parts = append(parts, "clients in every namespace")
	}
	if len(namespaces) > 0 {
		parts = append(parts, "clients in "+counted("namespace", namespaces))
	}
	if len(parts) > 0 && len(exceptions) > 0 {
		parts[len(parts)-1] += " but " + shortened(exceptions)
	}
	if len(gateways) > 0 {
		parts = append(parts, counted("gateway", gateways))
	}
	return strings.Join(parts, "; ")
}

func clients(at mesh.Viewpoint) string {
	if at.Labels == "" {
		return at.Namespace
	}
	return fmt.Sprintf("%s (pods with %s)", at.Namespace, at.Labels)
}

func counted(noun string, names []string) string {
	if len(names) > 1 {
		noun += "s"
	}
	return noun + " " + shortened(names)
}

func shortened(names []string) string {
	if len(names) <= mostNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), len(names)-mostNames)
}
