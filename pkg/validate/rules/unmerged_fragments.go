package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UnmergedFragments finds DestinationRules for one host that exportTo or a
// workloadSelector keeps istiod from merging, so that clients lose what one of them
// says [3.3, 3.5].
var UnmergedFragments = &rule.Rule{
	Name:     "unmerged-fragments",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      unmergedFragments,
	Doc: rule.Doc{
		Title: "DestinationRules for one host are not merged, so that subsets or a traffic policy are lost",
		Why: `istiod merges the DestinationRules that a namespace has for one host only where
their ` + "`exportTo`" + ` has the same entries, and where none of them or all of them have
the same ` + "`workloadSelector`" + `. Of rules that are not merged a client is given one:

- Entries are compared as they are written. No exportTo, ` + "`[\"*\"]`, `[\".\"]`" + ` and the
  name of the own namespace are four different values. Of rules that differ the
  newest counts alone.
- A rule whose exportTo holds all of an older one's, and more, is merged into the
  older one and no longer stands for itself: the namespaces that only the newer one
  names are given nothing of it.
- The workloads that a rule with a workloadSelector picks are given that rule and
  not the one for all workloads. If the one for all is exported to ` + "`\".\"`" + ` alone it
  is merged into the selecting rule, and all the other workloads are given none.
- In the root namespace a rule that is for that namespace alone, by its exportTo or by
  a workloadSelector, is never merged with one that is for others as well. The clients
  in the root namespace find the first, and look no further.

A route to a subset that is lost fails with **503** and the response flag **NC**
(no cluster), and a policy that is lost is not applied. There is no finding where
nothing is lost: where the rule that counts has all subsets of the other, and a
policy of its own in the place of the other's.`,
		Fix: `- Write the same exportTo, to the letter, into all DestinationRules of the host.
- Or put all of the host into one DestinationRule.
- A rule with a workloadSelector has to repeat the subsets and the policy that its
  workloads need. Export the rule for all other workloads to ` + "`\".\"`" + ` and to another
  namespace, such as the root namespace: that one is merged and stands for itself.
- A rule that is for the root namespace alone has to repeat what its clients need of
  the other. What is for all of its workloads needs a rule without workloadSelector,
  exported to the root namespace by its name.`,
		See: []string{},
	},
}

func unmergedFragments(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) < 2 {
		return
	}
	found := lookUp(host)
	given := found.given()
	for _, pair := range found.losses(host.Own()) {
		l := loss{config: p.Mesh.Config(), host: host, rule: pair.rule, by: pair.by}
		dead := !given[l.rule]
		who, certain := found.where(func(e mesh.Effective) bool { return e.PassedFor(l.rule) == l.by && l.add(e, dead) })
		if !who.IsEmpty() {
			p.Report(l.finding(who, certain))
		}
	}
}

// loss is what is lost of a DestinationRule for another.
type loss struct {
	config   *mesh.Config
	host     *mesh.Host
	rule, by *mesh.DestinationRule
	subsets  []string
	policy   bool
	instead  mesh.Effective // what the first who lose it are given
}

// add takes in what a client that is given something else loses, and reports
// whether it loses anything. What it is given may replace the rule on purpose, so it
// loses subsets by name, and a policy where it has none instead. A rule that is dead,
// in effect for no client, replaces nothing for some: everything it says is lost.
func (l *loss) add(given mesh.Effective, dead bool) bool {
	lost := l.without(given, dead)
	policy, _ := given.Policy()
	policyLost := l.rule.Policy != "" && (policy == "" || dead && policy != l.rule.Policy)
	if len(lost) == 0 && !policyLost {
		return false
	}
	if len(l.subsets) == 0 && !l.policy {
		l.instead = given
	}
	l.policy = l.policy || policyLost
	if len(lost) > len(l.subsets) {
		l.subsets = lost
	}
	return true
}

// without returns the subsets that a client does not have.
func (l *loss) without(given mesh.Effective, dead bool) []string {
	var lost []string
	for _, subset := range l.rule.Subsets {
		other, defined := given.Subset(subset.Name)
		if !defined || dead && !mesh.SameSubset(other, subset) {
			lost = append(lost, subset.Name)
		}
	}
	return lost
}

func (l *loss) finding(who mesh.Viewpoints, certain bool) rule.Finding {
	object, other := l.rule, l.by
	if older, _ := l.rule.By.Older(l.by.By); older {
		object, other = l.by, l.rule
	}
	f := rule.Finding{
		Object:     object.By,
		Path:       l.path(object),
		About:      fmt.Sprintf("%s: %s for %s", l.host.Name, l.rule.By.Key(), l.by.By.Key()),
		Message:    l.message(),
		Viewpoints: who,
		Have:       l.have(),
		Effect:     l.effect(),
		Fix:        l.fix(other),
		OtherFix:   l.fix(object),
		Related:    []rule.Related{{Object: other.By, Path: l.path(other)}},
		RestsOn:    l.host.RestsOn(who, object.By.Namespace),
	}
	if !l.ordered() {
		f.Have = ""
		f.Effect = "what only the older of the two says is lost: a route to a subset of it fails with 503 NC"
		if l.nested() {
			f.Effect = "what only one of the two says is lost: a route to a subset of it fails with 503 NC"
		}
	}
	if !certain || !l.ordered() && !l.mutual() {
		f.Severity = rule.Warning
	}
	return f
}

// ordered reports whether it is known which of the two istiod takes first: a rule
// with a workloadSelector whatever its age, and so a private one of the root namespace.
func (l *loss) ordered() bool {
	_, known := l.rule.By.Older(l.by.By)
	return known || l.bySelector() || l.atRoot()
}

// atRoot is true where the root namespace's own clients find a private rule first, and
// so never come to the public one [3.2].
func (l *loss) atRoot() bool {
	return l.by.By.Namespace == l.config.RootNamespace && l.by.Private() && !l.rule.Private()
}

// mutual reports whether something would be lost if it were the other one that counts.
func (l *loss) mutual() bool {
	other := loss{config: l.config, host: l.host, rule: l.by, by: l.rule}
	return other.add(mesh.Effective{Fragments: []*mesh.DestinationRule{l.rule}, Subsets: l.rule.Subsets}, true)
}

// message names no winner where it is not known.
func (l *loss) message() string {
	switch {
	case !l.ordered() && l.nested():
		return fmt.Sprintf("%s and %s for %s differ in exportTo: which of the two counts, and where, depends on their age", l.rule.By, l.by.By, l.host.Name)
	case !l.ordered():
		return fmt.Sprintf("%s and %s for %s are not merged, as their exportTo differs: istiod uses only the newer", l.rule.By, l.by.By, l.host.Name)
	default:
		return fmt.Sprintf("%s of %s for %s %s lost: %s", l.what(), l.rule.By, l.host.Name, l.verb(), l.why())
	}
}

func (l *loss) what() string {
	var parts []string
	if len(l.subsets) > 0 {
		parts = append(parts, counted("subset", l.subsets))
	}
	if l.policy {
		parts = append(parts, "the traffic policy")
	}
	return strings.Join(parts, " and ")
}

func (l *loss) verb() string {
	if len(l.subsets) > 1 || len(l.subsets) > 0 && l.policy {
		return "are"
	}
	return "is"
}

// bySelector is true where a workloadSelector is why the two are kept apart.
func (l *loss) bySelector() bool { return l.rule.Selector != nil || l.by.Selector != nil }

func (l *loss) why() string {
	switch {
	case l.atRoot() && len(l.instead.Fragments) == 0:
		return fmt.Sprintf("clients in namespace %s find %s first, whose workloadSelector leaves these out, and look no further", l.config.RootNamespace, l.by.By)
	case l.atRoot():
		return fmt.Sprintf("clients in namespace %s find %s first, which is for that namespace alone, and look no further", l.config.RootNamespace, l.by.By)
	case l.bySelector() && len(l.instead.Fragments) == 0:
		return fmt.Sprintf("istiod merges it into %s, whose workloadSelector leaves these clients out", l.by.By)
	case l.bySelector():
		return fmt.Sprintf("istiod gives the workloads that %s selects nothing else", l.by.By)
	case !l.instead.Gives(l.by):
		return fmt.Sprintf("istiod merges it into %s, which is exported to fewer namespaces", l.by.By)
	default:
		return fmt.Sprintf("istiod uses %s alone, the newest, as the exportTo of the host's rules differs", l.by.By)
	}
}

func (l *loss) path(r *mesh.DestinationRule) string {
	switch {
	case l.bySelector() && r.Selector != nil:
		return "spec.workloadSelector"
	case len(r.ExportTo()) > 0 && r.Selector == nil:
		return "spec.exportTo"
	default:
		return "spec.host"
	}
}

func (l *loss) have() string {
	if len(l.instead.Fragments) == 0 {
		return "no DestinationRule for this host"
	}
	return listed(subsetNames(l.instead.Subsets)) + "  (" + named(l.instead.Fragments) + ")"
}

func (l *loss) effect() string {
	var parts []string
	if len(l.subsets) > 0 {
		parts = append(parts, "a route to "+counted("subset", l.subsets)+" fails with 503 NC")
	}
	if l.policy {
		parts = append(parts, "the policy is not applied")
	}
	return strings.Join(parts, "; ")
}

// another is a namespace other than the one of the rule that is lost.
func (l *loss) another() string {
	if root := l.config.RootNamespace; root != l.rule.By.Namespace {
		return root
	}
	return "default"
}

// nested reports whether the exportTo of one of the two holds all of the other's: then
// it depends on their ages whether they are merged.
func (l *loss) nested() bool {
	holds := func(wide, narrow *mesh.DestinationRule) bool {
		return len(narrow.ExportTo()) > 0 && !slices.ContainsFunc(narrow.ExportTo(), func(name string) bool {
			return !slices.Contains(wide.ExportTo(), name)
		})
	}
	return holds(l.rule, l.by) || holds(l.by, l.rule)
}

func (l *loss) fix(other *mesh.DestinationRule) string {
	switch {
	case l.atRoot() && len(l.instead.Fragments) == 0:
		return fmt.Sprintf("repeat %s in a rule without workloadSelector in namespace %s, with exportTo [%[2]q]: istiod keeps one with exportTo [\".\"] for the selected workloads only",
			l.what(), l.config.RootNamespace)
	case l.atRoot():
		return fmt.Sprintf("repeat %s in %s", l.what(), l.by.By)
	case !l.bySelector():
		return fmt.Sprintf("write the same exportTo as in %s, to the letter, or put both into one DestinationRule", other.By)
	case len(l.instead.Fragments) == 0:
		return fmt.Sprintf("write exportTo [%q, %q] into %s: beside %q it has to name another namespace, or istiod keeps it for the selected workloads only",
			".", l.another(), l.rule.By, ".")
	default:
		return fmt.Sprintf("repeat %s in %s", l.what(), l.by.By)
	}
}
