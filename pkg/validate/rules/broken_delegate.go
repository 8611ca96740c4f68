package rules

import (
	"fmt"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// BrokenDelegate finds routes that istiod drops because of what they delegate to
// [4.10].
var BrokenDelegate = &rule.Rule{
	Name:     "broken-delegate",
	Severity: rule.Error,
	On:       mesh.SubjectVirtualService,
	Run:      brokenDelegate,
	Doc: rule.Doc{
		Title: "A route delegates to a VirtualService that istiod does not merge into it",
		Why: `istiod replaces a route that delegates by the http routes of the delegate. It drops
the route, with no more than a line in its log, where the delegate

- does not exist, or has no http routes;
- has ` + "`hosts`" + `: only a VirtualService without hosts can be delegated to;
- is not exported to the namespace of the VirtualService that delegates.

It drops a single route of the delegate where a match of it goes with none of the
matches of the delegating route. Both must be able to hold, and istiod compares
strictly: the delegate may only extend a prefix, no regular expression goes with any
other condition on the same field, ports, gateways and ` + "`ignoreUriCase`" + ` have to agree,
and a ` + "`sourceNamespace`" + ` has to be repeated.

Requests then take the next route. If no route is left, a sidecar sends them to the
service as if there were no VirtualService, **past every policy that it had**, and a
gateway answers **404 NR**.

A delegate that delegates again is worse: its route is made with no destination, and
Envoy refuses the whole route table of the port.

Among a few files, a missing delegate is only a warning: it may be stored elsewhere.`,
		Fix: `- Create the delegate before the route that names it, and delete it after.
- Take ` + "`hosts`" + ` out of the delegate, and export it to the delegating namespace.
- Make each match of the delegate narrower than one of the delegating route, or leave
  the matches to one of the two.`,
		See: nil,
	},
}

func brokenDelegate(p *rule.Pass) {
	root := p.Mesh.VirtualService(p.Key.Name)
	if root == nil {
		return
	}
	vain := p.Mesh.Undelivered(root)
	effect := ""
	if len(vain) > 0 {
		effect = undelivered(p.Mesh, root)
	}
	for _, u := range vain {
		f := delegateFinding(u)
		f.Viewpoints = p.Mesh.Given(&mesh.Delivery{Root: u.Root, Route: u.From, Reach: u.Reach})
		if f.Effect == "" {
			f.Effect = effect
		}
		if u.Why == mesh.DelegateMissing && !p.Mesh.Config().Complete {
			f.Severity = rule.Warning
		}
		p.Report(f)
	}
}

// undelivered says what happens to requests for want of the route.
func undelivered(view *mesh.View, root *mesh.VirtualService) string {
	for _, d := range view.Deliveries(root) {
		if d.Route.Section == mesh.SectionHTTP {
			return "the route is dropped: its requests take a later route, or get 404 NR"
		}
	}
	switch {
	case !root.Mesh:
		return "the route is dropped, and no other is left: every request gets 404 NR"
	case len(root.Gateways) == 0:
		return "the route is dropped, and no other is left: requests go to the service past the VirtualService"
	default:
		return "the route is dropped, and no other is left: requests of sidecars go to the service past the VirtualService, those at gateways get 404 NR"
	}
}

func delegateFinding(u *mesh.Undelivered) rule.Finding {
	f := rule.Finding{
		Object:  u.Root.By,
		Path:    "spec." + u.From.Field() + ".delegate",
		About:   u.From.Delegate,
		RestsOn: namespacesOf(append([]string{u.Root.Name(), u.From.Delegate}, u.Root.Gateways...)...),
	}
	f.Faults = []string{u.Root.Name() + " " + u.From.Delegate}
	f.Whole = u.Leaf == nil // none of its routes is handed out
	if u.Delegate != nil {
		f.Related = []rule.Related{{Object: u.Delegate.By, Path: "spec"}}
	}
	switch u.Why {
	case mesh.DelegateMissing:
		f.Message = fmt.Sprintf("delegates to VirtualService %s, which does not exist", u.From.Delegate)
		f.Fix = "create the delegate first, or correct the reference"
		f.OtherFix = fmt.Sprintf("first delete %s, or take the route to it out there", u.Root.By)
	case mesh.DelegateHidden:
		f.Message = fmt.Sprintf("delegates to VirtualService %s, which is not exported to namespace %s", u.From.Delegate, u.Root.By.Namespace)
		f.Have = exported(u.Delegate)
		f.Fix = fmt.Sprintf("add %s to exportTo of %s", u.Root.By.Namespace, u.Delegate.By)
		f.OtherFix = fmt.Sprintf("keep %s in exportTo", u.Root.By.Namespace)
	case mesh.DelegateHasHosts:
		f.Message = fmt.Sprintf("delegates to VirtualService %s, which has hosts of its own and so is no delegate", u.From.Delegate)
		f.Fix = fmt.Sprintf("take hosts out of %s, or delegate to another", u.Delegate.By)
		f.OtherFix = fmt.Sprintf("leave hosts out, as %s delegates to it", u.Root.By)
	case mesh.DelegateNoHTTP:
		f.Message = fmt.Sprintf("delegates to VirtualService %s, which has no http routes", u.From.Delegate)
		f.Fix = fmt.Sprintf("give %s http routes", u.Delegate.By)
	case mesh.DelegateNested:
		f.Object, f.Path = u.Delegate.By, "spec."+u.Leaf.Field()+".delegate"
		f.About, f.Faults = u.Root.Name()+" "+u.Leaf.Delegate, nil
		f.Message = fmt.Sprintf("delegates to %s while %s delegates to it, and istiod follows one delegate only", u.Leaf.Delegate, u.Root.By)
		f.Effect = "the route has no destination, and Envoy refuses the whole route table of the port"
		f.Fix = fmt.Sprintf("move the routes of %s here, or delegate to it from %s", u.Leaf.Delegate, u.Root.By)
		f.OtherFix = fmt.Sprintf("delegate to %s, which has the routes", u.Leaf.Delegate)
	case mesh.DelegateConflicts:
		conflictingMatch(u, &f)
	}
	return f
}

// conflictingMatch says which match of a delegate goes with none of its root's.
func conflictingMatch(u *mesh.Undelivered, f *rule.Finding) {
	number := u.Conflicting()
	match := u.Leaf.Matches[number]
	f.Object, f.Path = u.Delegate.By, fmt.Sprintf("spec.%s.match[%d]", u.Leaf.Field(), number)
	f.About = u.Root.Name() + " conflict"
	f.Message = fmt.Sprintf("match for %s goes with no match of %s %s, which delegates to it", asked(match), u.Root.By, u.From.Field())
	f.Have = asked(u.From.Matches[0])
	if more := len(u.From.Matches) - 1; more > 0 {
		f.Have += fmt.Sprintf("; and %d more", more)
	}
	f.Related = []rule.Related{{Object: u.Root.By, Path: "spec." + u.From.Field() + ".match"}}
	f.Fix = "make the match narrower than one of the delegating route, or leave the condition to one of the two"
	f.OtherFix = fmt.Sprintf("keep a match that those of %s are narrower than", u.Delegate.By)
}
