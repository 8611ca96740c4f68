package rules

import (
	"fmt"
	"slices"
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

func undefinedSubset(p *rule.Pass) { lookUpSubsets(p, false) }

// lookUpSubsets reports the subsets that are missing among the destinations of
// routes, or among their mirrors.
func lookUpSubsets(p *rule.Pass, mirrors bool) {
	host := p.Mesh.Host(p.Key.Name)
	lookup := subsetLookup{host: host}
	for _, target := range host.Targets() {
		if target.Subset == "" || target.Mirror != mirrors {
			continue
		}
		missing, spared, unsettled := lookup.judge(target)
		if !missing.IsEmpty() {
			p.Report(lookup.finding(target, missing))
		}
		if !spared.IsEmpty() {
			f := lookup.finding(target, spared)
			f.Severity = rule.Warning
			if mirrors {
				f.Severity = rule.Info
			}
			f.Effect += ", of clients that sourceLabels pick and that do not have it"
			p.Report(f)
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
	found []answered // by viewpoint
}

// answered is what a viewpoint may get.
type answered struct {
	at    mesh.Viewpoint
	found []mesh.Answer
}

// judge returns the viewpoints that are given the route of a target but not its
// subset, those for which labels decide it, and those for which it will be settled only
// once the host is declared.
func (l *subsetLookup) judge(target *mesh.Target) (missing, spared, unsettled mesh.Viewpoints) {
	clients := l.host.Clients(target.Delivery)
	if !slices.ContainsFunc(clients, func(client mesh.Client) bool { return l.lacks(client, target.Subset) }) {
		return missing, spared, unsettled
	}
	for _, client := range clients {
		lacking, of := l.lacking(client, target.Subset)
		missing.Set(client.Viewpoint, client.Reached && of > 0 && lacking == of)
		unsettled.Set(client.Viewpoint, client.Reached && 0 < lacking && lacking < of && !l.host.Declared())
	}
	if target.Labeled {
		spared = l.spare(clients, target, &missing)
	}
	return missing, spared, unsettled
}

// spare takes the namespaces out of missing in which any workload has the subset:
// a route that sourceLabels give to some workloads may be given to just those that
// a workloadSelector gives the subset to. Those stay who are all given the route. It
// returns those that it took out.
func (l *subsetLookup) spare(clients []mesh.Client, target *mesh.Target, missing *mesh.Viewpoints) (taken mesh.Viewpoints) {
	spared := map[string]bool{}
	for _, client := range clients {
		if lacking, of := l.lacking(client, target.Subset); lacking < of && client.Gateway == "" {
			spared[client.Namespace] = true
		}
	}
	for _, client := range clients {
		spare := client.Gateway == "" && spared[client.Namespace] && !target.ForAllOf(client)
		taken.Set(client.Viewpoint, spare && missing.Has(client.Viewpoint))
		if spare {
			missing.Set(client.Viewpoint, false)
		}
	}
	return taken
}

// lacking returns how many of the answers that a client may get lack a subset.
func (l *subsetLookup) lacking(client mesh.Client, subset string) (lacking, of int) {
	found := l.answers(client)
	for i := range found {
		if !found[i].Serves(subset) {
			lacking++
		}
	}
	return lacking, len(found)
}

// lacks reports whether any of the answers that a client may get lacks a subset.
func (l *subsetLookup) lacks(client mesh.Client, subset string) bool {
	lacking, _ := l.lacking(client, subset)
	return lacking > 0
}

func (l *subsetLookup) answers(client mesh.Client) []mesh.Answer {
	at, known := l.place(client.Viewpoint)
	if !known {
		l.found = slices.Insert(l.found, at, answered{client.Viewpoint, l.host.Answers(client)})
	} else if client.Gateway != "" { // its pods differ by who may see the route
		l.found[at].found = l.host.Answers(client)
	}
	return l.found[at].found
}

// place is where the answers for a viewpoint are, or would be, and whether they are there.
func (l *subsetLookup) place(of mesh.Viewpoint) (at int, known bool) {
	return slices.BinarySearchFunc(l.found, of, func(a answered, of mesh.Viewpoint) int { return a.at.Compare(of) })
}

func (l *subsetLookup) finding(target *mesh.Target, missing mesh.Viewpoints) rule.Finding {
	used := l.used(missing)
	f := rule.Finding{
		Object:     target.Object(),
		Path:       target.Path() + ".subset",
		About:      target.Host + "/" + target.Subset,
		Message:    l.message(target, used),
		Viewpoints: missing,
		Have:       l.have(used, target.Subset),
		Effect:     failing(target),
		Fix:        l.fix(used, target, missing),
		OtherFix:   l.otherFix(used, target),
		RestsOn:    l.host.RestsOn(missing, target.Object().Namespace, target.Root.By.Namespace),
	}
	if target.Share == 0 {
		f.Severity = rule.Warning
	}
	for _, e := range used {
		for _, fragment := range e.Fragments {
			f.Related = append(f.Related, rule.Related{Object: fragment.By, Path: "spec.subsets"})
		}
	}
	return f
}

// message says what is wrong: where any rule that counts defines the subset, it is
// the endpoints that are missing.
func (l *subsetLookup) message(target *mesh.Target, used []mesh.Answer) string {
	what := sending(target)
	for _, e := range used {
		if e.Has(target.Subset) && e.Service.Dynamic {
			return fmt.Sprintf("%s subset %q of %s, whose subsets istiod ignores because its resolution is DYNAMIC_DNS", what, target.Subset, target.Host)
		}
		if e.Has(target.Subset) {
			return fmt.Sprintf("%s subset %q of %s, whose labels no endpoint of %s has", what, target.Subset, target.Host, e.Service.By)
		}
	}
	return fmt.Sprintf("%s subset %q of %s, which defines no such subset", what, target.Subset, target.Host)
}

// unsettled has the identity of a finding for the same route, so that whoever
// declares the host is not blamed for a route that fails already.
func (l *subsetLookup) unsettled(target *mesh.Target, unsettled mesh.Viewpoints) rule.Finding {
	return rule.Finding{
		Severity:   rule.Info,
		Object:     target.Object(),
		Path:       target.Path() + ".subset",
		About:      target.Host + "/" + target.Subset,
		Message:    fmt.Sprintf("%s subset %q of %s, which nothing declares: the namespace of its service will decide who finds the subset", sending(target), target.Subset, target.Host),
		Viewpoints: unsettled,
		Effect:     failing(target) + " until the host is declared",
		Fix:        "declare the host in a namespace whose DestinationRule defines the subset",
		RestsOn:    l.host.RestsOn(unsettled, target.Object().Namespace, target.Root.By.Namespace),
	}
}

// used returns what those who miss a subset use, each merged rule once.
func (l *subsetLookup) used(missing mesh.Viewpoints) []mesh.Answer {
	var used []mesh.Answer
	holding, _ := missing.Holding()
	for _, at := range holding {
		i, known := l.place(at)
		if !known {
			continue
		}
		for _, e := range l.found[i].found {
			same := func(o mesh.Answer) bool { return slices.Equal(o.Fragments, e.Fragments) }
			if len(e.Fragments) > 0 && !slices.ContainsFunc(used, same) {
				used = append(used, e)
			}
		}
	}
	return used
}

// have lists the subsets that there are instead, and the rules that define the
// missing one for nobody who needs it.
func (l *subsetLookup) have(used []mesh.Answer, subset string) string {
	var parts []string
	for _, e := range used {
		names := make([]string, 0, len(e.Subsets))
		for _, s := range e.Subsets {
			names = append(names, s.Name)
		}
		parts = append(parts, listed(names)+"  ("+named(e.Fragments)+")")
	}
	if len(used) == 0 {
		parts = append(parts, "no DestinationRule for this host")
	}
	if elsewhere := l.elsewhere(used, subset); len(elsewhere) > 0 {
		parts = append(parts, fmt.Sprintf("%s defines %q but is not used by these clients", named(elsewhere), subset))
	}
	return strings.Join(parts, "; ")
}

// elsewhere returns the rules that define a subset and are not used by those who miss it.
func (l *subsetLookup) elsewhere(used []mesh.Answer, subset string) []*mesh.DestinationRule {
	var elsewhere []*mesh.DestinationRule
	for _, r := range l.host.Fragments() {
		serves := func(e mesh.Answer) bool { return e.Gives(r) }
		if r.Defines(subset) && !slices.ContainsFunc(used, serves) {
			elsewhere = append(elsewhere, r)
		}
	}
	return elsewhere
}

// selecting returns a rule with a workloadSelector that keeps any who miss a subset from
// the rules of other namespaces, without being for them [3.3]; nil for none.
func (l *subsetLookup) selecting(missing mesh.Viewpoints) *mesh.DestinationRule {
	holding, _ := missing.Holding()
	for _, r := range l.host.Fragments() {
		ends := func(at mesh.Viewpoint) bool { return at.Gateway == "" && at.Namespace == r.By.Namespace }
		if r.Selector != nil && slices.ContainsFunc(holding, ends) {
			return r
		}
	}
	return nil
}

// hidden returns a rule that defines a subset where clients look for it, and that only
// its exportTo keeps from them; nil for none.
func (l *subsetLookup) hidden(subset string) *mesh.DestinationRule {
	if !l.host.Declared() {
		return nil
	}
	serving := l.host.Declarations[0].By.Namespace
	specific := ""
	for _, r := range l.host.Fragments() {
		if r.By.Namespace != serving || specific != "" && r.Host != specific {
			continue
		}
		specific = r.Host
		shown := len(r.ExportTo()) == 0 && !r.Private() || slices.Contains(r.ExportTo(), "*")
		if r.Selector == nil && !shown && r.Defines(subset) {
			return r
		}
	}
	return nil
}

func (l *subsetLookup) fix(used []mesh.Answer, target *mesh.Target, missing mesh.Viewpoints) string {
	if len(used) > 0 && used[0].Has(target.Subset) && used[0].Service.Declaration != nil && used[0].Service.Bare {
		return fmt.Sprintf("list endpoints with the labels of subset %q in %s, which has none but the host itself, or route to the host without a subset",
			target.Subset, used[0].Service.By)
	}
	if len(used) > 0 && used[0].Has(target.Subset) {
		return fmt.Sprintf("give an endpoint of %s the labels of subset %q, or route to the host without a subset", used[0].Service.By, target.Subset)
	}
	if len(used) > 0 {
		return fmt.Sprintf("add subset %q to %s and let it propagate before routing to it", target.Subset, used[0].Fragments[0].By)
	}
	if selecting := l.selecting(missing); selecting != nil {
		return fmt.Sprintf("add a rule with subset %q and without workloadSelector in namespace %s: %s is for some workloads only, and ends the search for all",
			target.Subset, selecting.By.Namespace, selecting.By)
	}
	if hidden := l.hidden(target.Subset); hidden != nil {
		return fmt.Sprintf("export %s to these clients, and let that propagate before routing to subset %q", hidden.By, target.Subset)
	}
	namespace := target.Object().Namespace
	if l.host.Declared() {
		namespace = l.host.Declarations[0].By.Namespace
	}
	return fmt.Sprintf("create a DestinationRule for %s with subset %q in namespace %s and let it propagate before routing to it",
		target.Host, target.Subset, namespace)
}

// otherFix is for whoever took the subset away from a route of somebody else, or put
// a rule in front of the one that has it.
func (l *subsetLookup) otherFix(used []mesh.Answer, target *mesh.Target) string {
	first := fmt.Sprintf("first take the route to it out of %s and let that propagate", target.Object())
	switch {
	case len(used) == 0:
		return fmt.Sprintf("keep subset %q where these clients look for it, or %s", target.Subset, first)
	case len(l.elsewhere(used, target.Subset)) > 0: // what they are given now is not what had it
		return fmt.Sprintf("add subset %q to %s, or %s", target.Subset, used[0].Fragments[0].By, first)
	default:
		return fmt.Sprintf("keep subset %q in %s, or %s", target.Subset, used[0].Fragments[0].By, first)
	}
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
