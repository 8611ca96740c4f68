package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// given returns the viewpoints of those who are given a route.
func given(reach mesh.Reach) mesh.Viewpoints {
	viewpoints := sidecarsIn(reach.Sidecars)
	for _, pods := range reach.Gateways {
		viewpoints.Set(mesh.Viewpoint{Gateway: pods.Gateway}, true)
	}
	return viewpoints
}

// sidecarsIn returns the viewpoints of the sidecars of some namespaces.
func sidecarsIn(namespaces mesh.Namespaces) mesh.Viewpoints {
	var viewpoints mesh.Viewpoints
	viewpoints.Set(mesh.Viewpoint{}, namespaces.Has(""))
	for _, name := range namespaces.Named() {
		viewpoints.Set(mesh.Viewpoint{Namespace: name}, namespaces.Has(name))
	}
	return viewpoints
}

// among returns the viewpoints of those of some clients that something holds for, which is
// said for each of them.
func among(clients []mesh.Client, holds []bool) mesh.Viewpoints {
	var viewpoints mesh.Viewpoints
	for i, client := range clients {
		viewpoints.Set(client.Viewpoint, holds[i])
	}
	return viewpoints
}

// atGateways returns the viewpoints of some gateways.
func atGateways(names ...string) mesh.Viewpoints {
	var viewpoints mesh.Viewpoints
	for _, name := range names {
		viewpoints.Set(mesh.Viewpoint{Gateway: name}, true)
	}
	return viewpoints
}

// namespacesOf returns the namespaces of some objects by their "namespace/name" or
// of themselves, in order and once each.
func namespacesOf(names ...string) []string {
	var namespaces []string
	for _, name := range names {
		namespace, _, _ := strings.Cut(name, "/")
		namespaces = append(namespaces, namespace)
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
}

// some lists names up to a number that a line can hold.
func some(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// asked says in words what a match asks of a request and of who sends it.
func asked(m *mesh.Match) string {
	var parts []string
	one := func(what string, c mesh.Condition) {
		switch c.How {
		case "":
		case mesh.Present:
			parts = append(parts, what+" present")
		default:
			parts = append(parts, fmt.Sprintf("%s %s %q", what, c.How, c.Text))
		}
	}
	all := func(what string, conditions map[string]mesh.Condition) {
		for _, name := range slices.Sorted(maps.Keys(conditions)) {
			one(what+" "+name, conditions[name])
		}
	}
	one("uri", m.URI)
	one("scheme", m.Scheme)
	one("method", m.Method)
	one("authority", m.Authority)
	all("header", m.Headers)
	all("without header", m.WithoutHeaders)
	all("query parameter", m.QueryParams)
	list := func(what string, names []string) {
		if len(names) > 0 {
			parts = append(parts, what+" "+some(names))
		}
	}
	list("SNI", m.SNI)
	list("subnet", m.Subnets)
	if m.Port != 0 {
		parts = append(parts, fmt.Sprintf("port %d", m.Port))
	}
	if m.SourceNamespace != "" {
		parts = append(parts, "source namespace "+m.SourceNamespace)
	}
	for _, key := range slices.Sorted(maps.Keys(m.SourceLabels)) {
		parts = append(parts, fmt.Sprintf("source label %s=%s", key, m.SourceLabels[key]))
	}
	list("gateway", m.Gateways)
	if m.IgnoreURICase {
		parts = append(parts, "in any case")
	}
	if len(parts) == 0 {
		return "every request"
	}
	return strings.Join(parts, ", ")
}

// leadsTo says in words where a route sends traffic.
func leadsTo(r *mesh.Route) string {
	if r.Answers {
		return "a redirect or direct response"
	}
	if len(r.Destinations) == 0 {
		return "no destination"
	}
	var names []string
	for _, d := range r.Destinations {
		name := d.Host
		if d.Subset != "" {
			name += " subset " + d.Subset
		}
		names = append(names, name)
	}
	return some(names)
}
