package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// ServiceEntryConflict finds ServiceEntries for a host that something else declares
// as well, in a way that istiod does not merge [1.10].
var ServiceEntryConflict = &rule.Rule{
	Name:     "service-entry-conflict",
	Severity: rule.Warning,
	On:       mesh.SubjectHost,
	Run:      serviceEntryConflict,
	Doc: rule.Doc{
		Title: "A host is declared twice, in ways that istiod does not merge",
		Why: `A client is given one service for a host, and of several declarations that it can
see istiod chooses one: that of the client's own namespace; else the Kubernetes
Service; else one of the ServiceEntries, and which one depends on their age and on
who asks. Within a namespace the Service counts, or else the oldest ServiceEntry; it
takes the ports of the others in if they have the same resolution, labels, workloadSelector
and exportTo, and they are ignored otherwise.

So clients reach different endpoints by one name. The DestinationRules that they get
differ, too, since they are looked for in the namespace of the service that was
chosen. A ServiceEntry for the host of a Service takes that name over for the clients
of its own namespace, and for nobody else.

A ServiceEntry that is exported to its own namespace only is no conflict with those
of other namespaces: it is for its own clients, on purpose.`,
		Fix: `- Declare the host once.
- Or write ` + "`exportTo: [\".\"]`" + ` into those that are for their own namespace only.
- In one namespace, give all ServiceEntries of the host the same resolution, labels,
  workloadSelector and exportTo, so that their ports are merged.
- Instead of declaring a Service's host again, add what is missing to the Service.`,
		See: []string{"IST0177", "KIA1211", "KIA1212"},
	},
}

func serviceEntryConflict(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Declarations) < 2 {
		return
	}
	clients := host.Everyone()
	var judged *mesh.Object
	for at, d := range host.Declarations {
		if d.By.Kind != mesh.KindServiceEntry || d.By == judged {
			continue
		}
		judged = d.By
		var who mesh.Viewpoints
		var other *mesh.Declaration
		for _, client := range clients {
			rival := rivalOf(host, at, client.Namespace)
			who.Set(client.Viewpoint, rival != nil)
			other = cmp.Or(other, rival)
		}
		if other != nil {
			p.Report(conflict(host, clients, d, other, who))
		}
	}
}

// rivalOf returns what else declares the host to clients of a namespace that could
// be given a ServiceEntry, and that is not younger; nil for nothing.
func rivalOf(host *mesh.Host, at int, client string) *mesh.Declaration {
	d := host.Declarations[at]
	if !offered(d, client) {
		return nil
	}
	for i, other := range host.Declarations {
		if other.By == d.By || !offered(other, client) {
			continue
		}
		if other.By.Kind == mesh.KindService || i < at && !compatible(d, other, first(host, i)) {
			return other
		}
	}
	return nil
}

// compatible reports whether an older ServiceEntry leaves a younger one as it is, or
// is merged with it. In one namespace only its first counts; in two, either may be
// for its own clients.
func compatible(d, older *mesh.Declaration, first bool) bool {
	if older.By.Namespace == d.By.Namespace {
		return !first || d.Mergeable(older)
	}
	return private(d) || private(older)
}

// offered reports whether clients of a namespace may be given a declaration.
func offered(d *mesh.Declaration, client string) bool {
	return d.By.Namespace == client || d.Visible.Has(client)
}

// first reports whether a declaration is the one that counts in its namespace, as
// the others are merged into it or ignored.
func first(host *mesh.Host, at int) bool {
	return !slices.ContainsFunc(host.Declarations[:at], func(d *mesh.Declaration) bool {
		return d.By.Namespace == host.Declarations[at].By.Namespace
	})
}

// private reports whether a declaration is for its own namespace only.
func private(d *mesh.Declaration) bool {
	return d.Visible.Minus(mesh.OnlyNamespaces(d.By.Namespace)).IsEmpty()
}

func conflict(host *mesh.Host, clients []mesh.Client, d, other *mesh.Declaration, who mesh.Viewpoints) rule.Finding {
	f := rule.Finding{
		Object:     d.By,
		Path:       "spec.hosts",
		About:      host.Name,
		Message:    fmt.Sprintf("%s is declared by %s as well, and istiod does not merge the two", host.Name, other.By),
		Viewpoints: who,
		Have:       winners(host, clients),
		Effect:     "each client has the endpoints and ports of one of the two only, and the DestinationRules of its namespace",
		Fix:        fmt.Sprintf("declare the host once, or write exportTo [%q] if it is for clients in %s only", ".", d.By.Namespace),
		OtherFix:   fmt.Sprintf("do not declare the host here, or first take it out of %s", d.By),
		Related:    []rule.Related{{Object: other.By, Path: "spec"}},
		RestsOn:    host.RestsOn(who, d.By.Namespace, other.By.Namespace),
	}
	switch _, known := other.By.Older(d.By); {
	case other.By.Kind == mesh.KindService:
		f.Fix = fmt.Sprintf("take the host out of this ServiceEntry, or add what is missing to %s", other.By)
	case other.By.Namespace == d.By.Namespace:
		f.Fix = fmt.Sprintf("give it the resolution, labels, workloadSelector and exportTo of %s, so that istiod merges their ports", other.By)
		if !known {
			f.Have = ""
		}
	}
	return f
}

// winners says which declaration each client is given, as far as that is settled.
func winners(host *mesh.Host, clients []mesh.Client) string {
	given := map[string]*mesh.Viewpoints{}
	for _, client := range clients {
		given[winner(host.Services(client.Namespace))] = &mesh.Viewpoints{}
	}
	for _, client := range clients {
		by := winner(host.Services(client.Namespace))
		for name, who := range given {
			who.Set(client.Viewpoint, name == by)
		}
	}
	delete(given, "")
	var parts []string
	for _, by := range slices.Sorted(maps.Keys(given)) {
		parts = append(parts, fmt.Sprintf("%s for %s", by, rule.Who(*given[by])))
	}
	return strings.Join(parts, "; ")
}

func winner(services []mesh.Service) string {
	names := make([]string, 0, len(services))
	for _, s := range services {
		names = append(names, s.By.String())
	}
	return strings.Join(names, " or ")
}
