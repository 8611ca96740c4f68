package rules

import (
	"fmt"
	"iter"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UnknownHost finds routes to a host that nothing declares [1.1-1.5, 5]. It is a
// warning, because another cluster of the mesh, or a file that was not given,
// may declare it.
var UnknownHost = &rule.Rule{
	Name:     "unknown-host",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      unknownHost,
	Doc: rule.Doc{
		Title: "A route leads to a host that no Service and no ServiceEntry declares",
		Why: `istiod builds a cluster for each host of the service registry and for no other.
A route to any other host names a cluster that no proxy has, and what takes it
fails with **503** and the response flag **NC** (no cluster).

The registry knows a Kubernetes Service by its full name,
` + "`NAME.NAMESPACE.svc.DOMAIN`" + `. A destination without a dot is completed to that
with the namespace of the VirtualService; one with a dot is taken as it is, so
` + "`reviews.prod`" + ` is no Service. A ServiceEntry is known by exactly the hosts that
it lists: being covered by its wildcard is not enough. An ExternalName Service stands
for another host of the registry, one step and no further; one that stands for anything
else is as good as none.

It is only a warning: a Service of another cluster of the mesh, or a file that
was not given, may declare the host.`,
		Fix: `- Write the host as it is declared: the short name within the namespace of the
  Service, its full name from anywhere else.
- Or declare it: a Service, or a ServiceEntry that lists this very host.
- On files, name what else there is with ` + "`--context`" + `.`,
		See: []string{"IST0101", "KIA1101"},
	},
}

func unknownHost(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if host.OnlyAlias() {
		aliasOfNothing(p, host)
		return
	}
	if host.Declared() || p.Mesh.Config().Knows(host.Name) {
		return
	}
	if _, misspelt := meantBy(p.Mesh, host); misspelt {
		return // partly-qualified-host says more
	}
	for first, reached := range firstTargets(host) {
		p.Report(rule.Finding{
			Object:     first.Object(),
			Path:       first.Path() + ".host",
			About:      host.Name,
			Message:    fmt.Sprintf("route to %s, which no Service and no ServiceEntry declares", host.Name),
			Viewpoints: reached,
			Effect:     failing(first) + ", unless another cluster of the mesh has the host",
			Fix:        "write the host as it is declared, or declare it by a Service or a ServiceEntry",
			OtherFix:   fmt.Sprintf("first take the route to it out of %s and let that propagate", first.Object()),
			RestsOn:    host.RestsOn(reached, first.Object().Namespace),
		})
	}
}

// aliasOfNothing reports routes to an ExternalName Service whose target is no host of
// the registry, or another such Service: istiod looks one step far [1.9].
func aliasOfNothing(p *rule.Pass, host *mesh.Host) {
	by := host.Declarations[0]
	target := p.Mesh.Host(by.Alias)
	why := "which no Service and no ServiceEntry declares"
	switch {
	case target.OnlyAlias():
		why = "which is an ExternalName Service itself"
	case target.Declared() || p.Mesh.Config().Knows(target.Name) || len(host.Declarations) > 1:
		return
	}
	for first, reached := range firstTargets(host) {
		p.Report(rule.Finding{
			Object:     first.Object(),
			Path:       first.Path() + ".host",
			About:      host.Name,
			Message:    fmt.Sprintf("route to %s, an ExternalName for %s, %s", host.Name, target.Name, why),
			Viewpoints: reached,
			Effect:     failing(first) + ", unless another cluster of the mesh has the host",
			Fix:        fmt.Sprintf("declare %s by a Service or a ServiceEntry, or name in %s a host that is declared", target.Name, by.By),
			OtherFix:   fmt.Sprintf("first take the route to it out of %s and let that propagate", first.Object()),
			Related:    []rule.Related{{Object: by.By, Path: "spec.externalName"}},
			RestsOn:    namespacesOf(append(host.RestsOn(reached, first.Object().Namespace), target.RestsOn(reached)...)...),
		})
	}
}

// firstTargets yields the first route of each object to the host, with all who
// are given any of them: one finding is enough for one misspelt name.
func firstTargets(host *mesh.Host) iter.Seq2[*mesh.Target, mesh.Viewpoints] {
	return func(yield func(*mesh.Target, mesh.Viewpoints) bool) {
		targets := host.Targets()
		for i := 0; i < len(targets); {
			first, reached := targets[i], mesh.Viewpoints{}
			for ; i < len(targets) && targets[i].By == first.By; i++ {
				if !targets[i].Mirror {
					reached = reached.Or(reachedBy(host, targets[i]))
				}
			}
			if !reached.IsEmpty() && !yield(first, reached) {
				return
			}
		}
	}
}
