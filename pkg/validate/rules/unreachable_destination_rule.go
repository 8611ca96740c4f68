package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UnreachableDestinationRule finds DestinationRules that no client's lookup finds
// [3.2]. It is an error only where no lookup even passes there: a rule that another
// one hides may be a default, or come into effect when the other goes.
var UnreachableDestinationRule = &rule.Rule{
	Name:     "unreachable-destination-rule",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      unreachableDestinationRule,
	Doc: rule.Doc{
		Title: "A DestinationRule is where no client of its host looks",
		Why: `For each client istiod looks for the DestinationRule of a host in three places,
and stops at the first that has one: the client's own namespace, the namespace of
the service, the root namespace. In the first it takes rules that are exported
there, in the other two those that are exported to the client. A rule in any other
namespace is for clients of that namespace at most; exporting it to others does
not make them look there. Its subsets do not exist for them and its policy is not
applied.

Within one place the most specific host counts, and rules for different hosts are
never merged: beside a rule for ` + "`reviews.default.svc.cluster.local`" + ` one for
` + "`*.default.svc.cluster.local`" + ` is nothing to that host. So a wildcard rule reaches
nobody once each declared host under it has a rule of its own, or has clients who
look elsewhere; a wildcard that is declared is one of these hosts. That is a warning,
as the next host may be another matter, and it is none in the root namespace, which
is where the defaults of the mesh are.

The host of a Service of type ExternalName has no cluster, so a rule for it has no
effect whatever its namespace.`,
		Fix: `- Move the rule to the namespace of the service, and export it from there.
- Or create it in the namespace of the clients that it is for.
- Or, for the whole mesh, in the root namespace.
- **Hidden by a more specific rule:** repeat there what is missing.
- **An ExternalName:** write the rule for the host that it stands for.`,
		See: []string{},
	},
}

func unreachableDestinationRule(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	if len(host.Own()) == 0 {
		return
	}
	found := lookUp(host)
	for _, r := range host.Own() {
		u := unreachable{pass: p, host: host, rule: r, found: found}
		if f, is := u.judge(); is {
			p.Report(u.finding(f))
		}
	}
}

// unreachable judges one DestinationRule at its host.
type unreachable struct {
	pass  *rule.Pass
	host  *mesh.Host
	rule  *mesh.DestinationRule
	found lookups
}

// judge returns what there is to say of the rule, and whether there is anything.
func (u *unreachable) judge() (rule.Finding, bool) {
	switch {
	case u.host.OnlyAlias():
		return u.ofAlias(), true
	case u.exportedToNobody():
		return u.offPath("it is exported to no namespace", "export the rule to the clients that it is for"), true
	case !u.reached(u.found) && !u.onPath():
		return u.offPath(u.elsewhere(), u.move()), true
	case !u.reached(u.found):
		return u.hidden(), true
	case mesh.IsWildcard(u.host.Name):
		return u.wildcard()
	case !u.host.Declared():
		return u.undeclared()
	default:
		return u.exportedInVain()
	}
}

// reached reports whether any client finds the rule, even if it is then given
// another one that it was not merged with.
func (u *unreachable) reached(found lookups) bool {
	return found.ever(u.foundIn)
}

// reachedAt reports whether any client finds the rule for a host as it is declared. Of
// a wildcard that is declared itself, what it covers may be declared elsewhere later,
// but nobody is given the rule for that yet.
func (u *unreachable) reachedAt(host *mesh.Host) bool {
	return slices.ContainsFunc(host.Everyone(), func(c mesh.Client) bool {
		return slices.ContainsFunc(host.LookupsAsDeclared(c), u.foundIn)
	})
}

func (u *unreachable) foundIn(e mesh.Effective) bool {
	return e.Gives(u.rule) || e.PassedFor(u.rule) != nil
}

// exportedToNobody reports whether no namespace at all may use the rule.
func (u *unreachable) exportedToNobody() bool {
	return len(u.rule.ExportTo()) > 0 && !slices.ContainsFunc(u.rule.ExportTo(), func(name string) bool { return name != "~" })
}

// onPath reports whether any client looks in the rule's namespace for the host,
// whatever it finds there.
func (u *unreachable) onPath() bool {
	namespace := u.rule.By.Namespace
	return u.rule.Local() || !u.host.Declared() || namespace == u.pass.Mesh.Config().RootNamespace || slices.Contains(u.serving(), namespace)
}

func (u *unreachable) ofAlias() rule.Finding {
	target := u.host.Declarations[0].Alias
	return rule.Finding{
		Severity: rule.Warning,
		Path:     "spec.host",
		Message:  fmt.Sprintf("DestinationRule for %s, an ExternalName for %s, has no effect", u.host.Name, target),
		Effect:   fmt.Sprintf("neither its subsets nor its policy are there: clients use the rules for %s", target),
		Fix:      fmt.Sprintf("write the rule for %s", target),
	}
}

// offPath is a rule that no lookup leads to: an error, as nothing but a change of
// the rule, or of where the service is, helps.
func (u *unreachable) offPath(why, fix string) rule.Finding {
	return rule.Finding{
		Path:    "spec.exportTo",
		Message: fmt.Sprintf("DestinationRule for %s reaches no client: %s", u.host.Name, why),
		Effect:  "its subsets do not exist and its policy is not applied, for anyone",
		Fix:     fix,
	}
}

func (u *unreachable) elsewhere() string {
	namespaces := append(u.serving(), u.pass.Mesh.Config().RootNamespace)
	return fmt.Sprintf("those that it is exported to look in their own namespace and in %s, not in %s",
		strings.Join(slices.Compact(namespaces), ", "), u.rule.By.Namespace)
}

func (u *unreachable) move() string {
	return fmt.Sprintf("move the rule to namespace %s, or create it in the namespace of each client", u.serving()[0])
}

// serving returns the namespaces that declare the host, without aliases.
func (u *unreachable) serving() []string {
	var names []string
	for _, d := range u.host.Declarations {
		if d.Alias == "" && !slices.Contains(names, d.By.Namespace) {
			names = append(names, d.By.Namespace)
		}
	}
	return names
}

// hidden is a rule that other rules, or the visibility of the service, keep from
// every client.
func (u *unreachable) hidden() rule.Finding {
	f := rule.Finding{
		Severity: rule.Warning,
		Path:     "spec.host",
		Message:  fmt.Sprintf("DestinationRule for %s reaches no client: each of them finds another rule first", u.host.Name),
		Have:     u.instead(),
		Effect:   "its subsets do not exist and its policy is not applied, for anyone",
		Fix:      "put what it says into the rules that its clients find, or delete it",
	}
	if f.Have == "" {
		f.Message = fmt.Sprintf("DestinationRule for %s reaches no client: none of those that it is for is given the host", u.host.Name)
		f.Fix = fmt.Sprintf("export %s to those that the rule is for, or delete the rule", u.declaredBy())
	}
	return f
}

func (u *unreachable) declaredBy() string {
	if !u.host.Declared() {
		return "the host"
	}
	return u.host.Declarations[0].By.String()
}

// instead names the rules that those are given whose lookup leads to the rule.
func (u *unreachable) instead() string {
	var rules []*mesh.DestinationRule
	for _, client := range u.found.clients {
		if !u.host.LeadsTo(u.rule, client.Client) {
			continue
		}
		for _, found := range client.found {
			for _, r := range found.Fragments {
				if !slices.Contains(rules, r) {
					rules = append(rules, r)
				}
			}
		}
	}
	if len(rules) == 0 {
		return ""
	}
	return named(rules)
}

// wildcard judges a rule for a wildcard by the declared hosts under it, where all of
// them are known and few enough to look at.
func (u *unreachable) wildcard() (rule.Finding, bool) {
	cfg := u.pass.Mesh.Config()
	hosts, all := u.pass.Mesh.DeclaredHosts(u.host.Name)
	if !cfg.Complete || !all || len(hosts) == 0 || u.rule.By.Namespace == cfg.RootNamespace || cfg.Knows(u.host.Name) {
		return rule.Finding{}, false
	}
	for _, name := range hosts {
		if u.reachedAt(u.pass.Mesh.Host(name)) {
			return rule.Finding{}, false
		}
	}
	return rule.Finding{
		Severity: rule.Warning,
		Path:     "spec.host",
		Message:  fmt.Sprintf("DestinationRule for %s reaches no client: those of %s find a more specific rule first, or look elsewhere", u.host.Name, listed(hosts)),
		Effect:   "its subsets and its policy are not merged into theirs, so they have none of it",
		Fix:      "repeat what is missing in the rules for these hosts, or move the rule to their namespace",
	}, true
}

// undeclared has the identity of offPath: whoever declares the host must not be
// blamed for a rule that is in a third namespace already.
func (u *unreachable) undeclared() (rule.Finding, bool) {
	namespace := u.rule.By.Namespace
	if u.rule.Local() || namespace == u.pass.Mesh.Config().RootNamespace {
		return rule.Finding{}, false
	}
	if own, ok := mesh.ServiceNamespace(u.host.Name, u.pass.Mesh.Config().Domain); ok && own == namespace {
		return rule.Finding{}, false
	}
	return rule.Finding{
		Severity: rule.Info,
		Path:     "spec.exportTo",
		Message:  fmt.Sprintf("DestinationRule for %s reaches clients only if the host is declared in namespace %s", u.host.Name, namespace),
		Effect:   "its subsets do not exist and its policy is not applied, for anyone",
		Fix:      "move the rule to the namespace that will declare the host, or to that of the clients",
	}, true
}

// exportedInVain is a rule that its own namespace finds, but none of the others that
// it names.
func (u *unreachable) exportedInVain() (rule.Finding, bool) {
	namespace := u.rule.By.Namespace
	var others []string
	for _, name := range u.rule.ExportTo() {
		if name != "*" && name != "." && name != "~" && name != namespace {
			others = append(others, name)
		}
	}
	if len(others) == 0 || namespace == u.pass.Mesh.Config().RootNamespace || slices.Contains(u.serving(), namespace) {
		return rule.Finding{}, false
	}
	return rule.Finding{
		Severity: rule.Warning,
		Path:     "spec.exportTo",
		Message: fmt.Sprintf("DestinationRule for %s is exported to %s in vain: clients there do not look in namespace %s",
			u.host.Name, counted("namespace", others), namespace),
		Viewpoints: sidecarsIn(mesh.OnlyNamespaces(others...)),
		Effect:     fmt.Sprintf("it is for clients in namespace %s only", namespace),
		Fix:        u.move(),
	}, true
}

func (u *unreachable) finding(f rule.Finding) rule.Finding {
	f.Object = u.rule.By
	f.About = u.host.Name
	if f.Viewpoints.IsEmpty() {
		f.Viewpoints = exportedTo(u.rule)
	}
	if f.Path == "spec.exportTo" && len(u.rule.ExportTo()) == 0 {
		f.Path = "spec.host"
	}
	f.OtherFix = fmt.Sprintf("first move or delete %s", u.rule.By)
	f.RestsOn = u.host.RestsOn(f.Viewpoints, u.rule.By.Namespace)
	return f
}
