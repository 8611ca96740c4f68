package rules

import (
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UndefinedMirrorSubset finds mirrors to a subset that the DestinationRule in
// effect does not define [3.2-3.5, 5]. It is a warning, because only the copies
// are lost.
var UndefinedMirrorSubset = &rule.Rule{
	Name:     "undefined-mirror-subset",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      undefinedMirrorSubset,
	Doc: rule.Doc{
		Title: "A route mirrors to a subset that its clients' DestinationRule does not define",
		Why: `A mirror names a cluster just as a route does, and Envoy drops the copy of a
request where it has no such cluster. The request itself is served, so nothing
shows but the silence at the other end.

Which DestinationRule defines the subset for a client is decided as for
` + "`undefined-subset`" + `: the client's namespace, that of the service, then the root
namespace, and the first that has any rule for the host is the only one that
counts. The mirrors of a VirtualService that delegates are taken over by the routes
of its delegates that have none of their own.`,
		Fix: `- Add the subset to the DestinationRule that these clients use, let it propagate,
  and then mirror to it.
- Before a subset goes, take the mirrors to it away.`,
		See: []string{"IST0101"},
	},
}

func undefinedMirrorSubset(p *rule.Pass) { lookUpSubsets(p, true) }
