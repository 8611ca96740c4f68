package rules

import (
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// DeadDestinationRuleHost finds DestinationRules for a host that nothing declares
// [1.2-1.5, 1.8]. It is a warning, because another cluster of the mesh may have
// the host, and information where only some of the mesh's files are given.
var DeadDestinationRuleHost = &rule.Rule{
	Name:     "dead-destination-rule-host",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      deadDestinationRuleHost,
	Doc: rule.Doc{
		Title: "A DestinationRule is for a host that no Service and no ServiceEntry declares",
		Why: `istiod applies a DestinationRule to the hosts of the service registry that its
host names. Where there is none the rule does nothing: no subset, no encryption, no
limits, for anyone, and no message either.

The registry knows a Kubernetes Service by its full name,
` + "`NAME.NAMESPACE.svc.DOMAIN`" + `. A host without a dot is completed to that with the
namespace of the DestinationRule, so a short name in another namespace than the
Service's is another host; one with a dot is taken as it is, so ` + "`reviews.prod`" + `
is none. Capitals count. A ServiceEntry is known by exactly the hosts that it
lists: a rule for ` + "`api.example.com`" + ` does not apply to an entry for
` + "`*.example.com`" + `. The other way round it does: a rule for a wildcard applies to
every declared host under it.

It is only a warning: a Service of another cluster of the mesh may have the host,
and rules are often created before their Service.`,
		Fix: `- Write the host as it is declared: the short name within the namespace of the
  Service, its full name from anywhere else.
- Or declare it: a Service, or a ServiceEntry that lists this very host.
- For a host of another cluster, list it under ` + "`knownHosts`" + ` in the configuration.`,
		See: []string{"IST0174", "KIA0202"},
	},
}

func deadDestinationRuleHost(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) == 0 || host.Declared() || p.Mesh.Config().Knows(host.Name) {
		return
	}
	wildcard := mesh.IsWildcard(host.Name)
	if wildcard && p.Mesh.DeclaredUnder(host.Name) {
		return
	}
	if _, misspelt := meantBy(p.Mesh, host); misspelt {
		return // partly-qualified-host says more
	}
	what := "which no Service and no ServiceEntry declares"
	if wildcard {
		what = "under which no Service and no ServiceEntry declares any host"
	}
	for _, r := range host.Own() {
		f := rule.Finding{
			Object:     r.By,
			Path:       "spec.host",
			About:      host.Name,
			Message:    fmt.Sprintf("DestinationRule for %s, %s", host.Name, what),
			Viewpoints: exportedTo(r),
			Effect:     "its subsets do not exist and its policy is not applied, unless another cluster of the mesh has the host",
			Fix:        "write the host as it is declared, or declare it by a Service or a ServiceEntry",
			OtherFix:   fmt.Sprintf("first delete %s", r.By),
			RestsOn:    host.RestsOn(exportedTo(r), r.By.Namespace),
		}
		if !p.Mesh.Config().Complete {
			f.Severity = rule.Info
		}
		p.Report(f)
	}
}
