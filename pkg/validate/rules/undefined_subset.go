package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UndefinedSubset finds routes to a subset that the DestinationRule in effect
// does not define [3.2-3.5, 5].
var UndefinedSubset = &rule.Rule{
	Name:     "undefined-subset",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      undefinedSubset,
	Doc: rule.Doc{
		Title: "A route names a subset that its clients' DestinationRule does not define",
		Why: `istiod sends the route to the proxies as it is written, with the name of a
cluster that those proxies do not have. Every request that takes it fails with
**503** and the response flag **NC** (no cluster); TCP and TLS connections are
closed.

Which DestinationRule counts depends on who calls. For each client istiod looks
in the client's own namespace, then in the namespace of the service, then in the
root namespace, and stops at the first that has any rule for the host, even if
that rule lacks the subset. A rule that defines the subset in any other
namespace, that is not exported to the client, or that a wildcard rule in the
client's namespace hides, does not help. So the same route can work for some
clients and fail for others, and the finding names those for whom it fails.`,
		Fix: `- **Adding a version:** add the subset to the DestinationRule first, let it
  propagate to the proxies, and only then route to it.
- **Removing a version:** take the routes to the subset away first, let that
  propagate, and only then remove the subset or the DestinationRule.
- **The subset is defined, but not for these clients:** move the DestinationRule
  to the namespace of the service, or export it to them, or add the subset to
  the rule that hides it.`,
		See: []string{"IST0101", "KIA1107"},
	},
}

func undefinedSubset(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	lookup := subsetLookup{host: host, found: map[mesh.Viewpoint][]mesh.Effective{}}
	for _, target := range host.Targets {
		if target.Subset == "" {
			continue
		}
		missing, unsettled := lookup.judge(target)
		if !missing.IsEmpty() {
			p.Report(lookup.finding(target, missing))
		}
		if !unsettled.IsEmpty() {
			p.Report(lookup.unsettled(target, unsettled))
		}
	}
}

// subsetLookup answers for one host which clients find which subsets, and
// remembers what it looked up: a host can have many routes.
type subsetLookup struct {
	host  *mesh.Host
	found map[mesh.Viewpoint][]mesh.Effective
}

// judge returns the viewpoints that are given the route of a target but not its
// subset, and those for which that will be settled only once the host is declared.
func (l *subsetLookup) judge(target *mesh.Target) (missing, unsettled mesh.Viewpoints) {
	clients := l.host.Clients(target.Reach)
	for _, client := range clients {
		lacking, of := l.lacking(client, target.Subset)
		missing.Set(client.Viewpoint, client.Reached && of > 0 && lacking == of)
		unsettled.Set(client.Viewpoint, client.Reached && 0 < lacking && lacking < of && !l.host.Declared())
	}
	if target.Labeled {
		l.spare(clients, target.Subset, &missing)
	}
	return missing, unsettled
}

// spare takes the namespaces out of missing in which any workload has the subset:
// a route that sourceLabels give to some workloads may be given to just those that
// a workloadSelector gives the subset to.
func (l *subsetLookup) spare(clients []mesh.Client, subset string, missing *mesh.Viewpoints) {
	spared := map[string]bool{}
	for _, client := range clients {
		if lacking, of := l.lacking(client, subset); lacking < of && client.Gateway == "" {
			spared[client.Namespace] = true
		}
	}
	for _, client := range clients {
		if client.Gateway == "" && spared[client.Namespace] {
			missing.Set(client.Viewpoint, false)
		}
	}
}

// lacking returns how many of the answers that a client may get lack a subset.
func (l *subsetLookup) lacking(client mesh.Client, subset string) (lacking, of int) {
	found := l.rulesFor(client)
	for _, e := range found {
		if !e.Has(subset) {
			lacking++
		}
	}
	return lacking, len(found)
}

func (l *subsetLookup) rulesFor(client mesh.Client) []mesh.Effective {
	found, known := l.found[client.Viewpoint]
	if !known {
		found = l.host.RulesFor(client)
		l.found[client.Viewpoint] = found
	}
	return found
}

func (l *subsetLookup) finding(target *mesh.Target, missing mesh.Viewpoints) rule.Finding {
	used := l.used(missing)
	f := rule.Finding{
		Object:     target.By,
		Path:       target.Path() + ".subset",
		About:      target.Host + "/" + target.Subset,
		Message:    fmt.Sprintf("route to subset %q of %s, which defines no such subset", target.Subset, target.Host),
		Viewpoints: missing,
		Have:       l.have(used, target.Subset),
		Effect:     failing(target),
		Fix:        l.fix(used, target),
		OtherFix:   otherFix(used, target),
		RestsOn:    l.host.RestsOn(missing, target.By.Namespace),
	}
	if target.Weight == 0 {
		f.Severity = rule.Warning
	}
	for _, e := range used {
		for _, fragment := range e.Fragments {
			f.Related = append(f.Related, rule.Related{Object: fragment.By, Path: "spec.subsets"})
		}
	}
	return f
}

// unsettled has the identity of a finding for the same route, so that whoever
// declares the host is not blamed for a route that fails already.
func (l *subsetLookup) unsettled(target *mesh.Target, unsettled mesh.Viewpoints) rule.Finding {
	return rule.Finding{
		Severity:   rule.Info,
		Object:     target.By,
		Path:       target.Path() + ".subset",
		About:      target.Host + "/" + target.Subset,
		Message:    fmt.Sprintf("route to subset %q of %s, which nothing declares: the namespace of its service will decide who finds the subset", target.Subset, target.Host),
		Viewpoints: unsettled,
		Effect:     failing(target) + " until the host is declared",
		Fix:        "declare the host in a namespace whose DestinationRule defines the subset",
		RestsOn:    l.host.RestsOn(unsettled, target.By.Namespace),
	}
}

// used returns the merged rules that those who miss a subset use, each once.
func (l *subsetLookup) used(missing mesh.Viewpoints) []mesh.Effective {
	var used []mesh.Effective
	holding, _ := missing.Holding()
	for _, at := range holding {
		for _, e := range l.found[at] {
			same := func(o mesh.Effective) bool { return slices.Equal(o.Fragments, e.Fragments) }
			if len(e.Fragments) > 0 && !slices.ContainsFunc(used, same) {
				used = append(used, e)
			}
		}
	}
	return used
}

// have lists the subsets that there are instead, and the rules that define the
// missing one for nobody who needs it.
func (l *subsetLookup) have(used []mesh.Effective, subset string) string {
	var parts []string
	for _, e := range used {
		parts = append(parts, listed(e.Subsets)+"  ("+named(e.Fragments)+")")
	}
	if len(used) == 0 {
		parts = append(parts, "no DestinationRule for this host")
	}
	var elsewhere []*mesh.DestinationRule
	for _, r := range l.host.Fragments() {
		if slices.Contains(r.Subsets, subset) {
			elsewhere = append(elsewhere, r)
		}
	}
	if len(elsewhere) > 0 {
		parts = append(parts, fmt.Sprintf("%s defines %q but is not used by these clients", named(elsewhere), subset))
	}
	return strings.Join(parts, "; ")
}

func (l *subsetLookup) fix(used []mesh.Effective, target *mesh.Target) string {
	if len(used) > 0 {
		return fmt.Sprintf("add subset %q to %s and let it propagate before routing to it", target.Subset, used[0].Fragments[0].By)
	}
	namespace := target.By.Namespace
	if l.host.Declared() {
		namespace = l.host.Declarations[0].By.Namespace
	}
	return fmt.Sprintf("create a DestinationRule for %s with subset %q in namespace %s and let it propagate before routing to it",
		target.Host, target.Subset, namespace)
}

// otherFix is for whoever took the subset away from a route of somebody else.
func otherFix(used []mesh.Effective, target *mesh.Target) string {
	first := fmt.Sprintf("first take the route to it out of %s and let that propagate", target.By)
	if len(used) > 0 {
		return fmt.Sprintf("keep subset %q in %s, or %s", target.Subset, used[0].Fragments[0].By, first)
	}
	return fmt.Sprintf("keep subset %q where these clients look for it, or %s", target.Subset, first)
}

// mostListed is how many names a line lists: a denial has to stay short.
const mostListed = 8

func listed(subsets []string) string {
	switch more := len(subsets) - mostListed; {
	case len(subsets) == 0:
		return "no subsets"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(subsets[:mostListed], ", "), more)
	default:
		return strings.Join(subsets, ", ")
	}
}

// named lists DestinationRules: "DestinationRule default/a, default/b".
func named(fragments []*mesh.DestinationRule) string {
	names := make([]string, 0, len(fragments))
	for _, r := range fragments {
		names = append(names, r.By.Namespace+"/"+r.By.Name)
	}
	return string(mesh.KindDestinationRule) + " " + listed(names)
}

// failing says what share of a route's traffic fails, and how.
func failing(target *mesh.Target) string {
	at := target.Rule()
	whole := target.Weight == target.Total
	switch {
	case target.Weight == 0:
		return fmt.Sprintf("no traffic while its weight is 0; its share of %s fails as soon as the weight is raised", at)
	case target.Section == mesh.SectionHTTP && whole:
		return fmt.Sprintf("every request matched by %s fails with 503 NC", at)
	case target.Section == mesh.SectionHTTP:
		return fmt.Sprintf("%s of the requests matched by %s fail with 503 NC", percent(target), at)
	case whole:
		return fmt.Sprintf("every connection matched by %s is closed", at)
	default:
		return fmt.Sprintf("%s of the connections matched by %s are closed", percent(target), at)
	}
}

func percent(target *mesh.Target) string {
	return strconv.FormatFloat(100*float64(target.Weight)/float64(target.Total), 'g', 3, 64) + "%"
}
