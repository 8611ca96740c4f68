package rules

import (
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// ZeroWeights finds routes among whose destinations nothing is to be shared out [5].
var ZeroWeights = &rule.Rule{
	Name:     "zero-weights",
	Severity: rule.Error,
	On:       mesh.SubjectVirtualService,
	Run:      zeroWeights,

	OfWeights: true,
	Doc: rule.Doc{
		Title: "A route has several destinations, and all their weights are 0",
		Why: `Weights are shares of a sum, and a sum of 0 cannot be shared. Destinations without
a weight have the weight 0, unless there is just one, which gets everything.

istiod hands such a route out all the same. For HTTP, Envoy then rejects not the
route but the **whole route table** of that port: every host that is served there, of
whatever team, keeps the routes it had, and a proxy that starts has none. It does so
behind a server with ` + "`httpsRedirect`" + ` too, where no request takes the route. For TCP
and TLS it is worse: **istiod itself panics** while it builds the listeners.

A delegate is judged where a VirtualService delegates to it: by itself it is not
handed out.`,
		Fix: "- Give at least one destination a `weight` above 0.\n" +
			"- Or leave one destination only; it needs no weight.",
		See: []string{"IST0106"},
	},
}

func zeroWeights(p *rule.Pass) {
	v := p.Mesh.VirtualService(p.Key.Name)
	if v == nil {
		return
	}
	roots := []*mesh.VirtualService{v}
	if v.Delegate() {
		roots = p.Mesh.Roots(v.Name())
	}
	for _, root := range roots {
		var redirected []mesh.Reach
		for i, d := range p.Mesh.Deliveries(root) {
			if d.By != v || !weightless(d.Route) {
				continue
			}
			if redirected == nil {
				redirected = p.Mesh.Redirected(root)
			}
			given := p.Mesh.Given(d)
			for _, pods := range redirected[i].Gateways {
				given.Set(mesh.Viewpoint{Gateway: pods.Gateway}, true)
			}
			if !given.IsEmpty() {
				p.Report(weightlessFinding(p.Mesh, d, given))
			}
		}
	}
}

// weightless reports whether a route shares traffic out by weights that are all 0.
func weightless(r *mesh.Route) bool {
	for _, to := range r.Destinations {
		if to.Weight > 0 {
			return false
		}
	}
	return len(r.Destinations) > 1
}

func weightlessFinding(view *mesh.View, d *mesh.Delivery, given mesh.Viewpoints) rule.Finding {
	f := rule.Finding{
		Object:     d.By.By,
		Path:       "spec." + d.Route.Field() + ".route",
		About:      string(d.Route.Section),
		Message:    "route to several destinations whose weights are all 0",
		Viewpoints: given,
		Effect:     "Envoy rejects the whole route table of the port, with the routes of every other host on it",
		Fix:        "give one of the destinations a weight above 0, or leave only one of them",
		OtherFix:   "first give one of the destinations in " + d.By.By.String() + " a weight above 0",
		RestsOn:    restsOn(view, d.Root, given, d.By.By.Namespace),
	}
	if d.Route.Section != mesh.SectionHTTP {
		f.Effect = "istiod panics while it builds the listeners for these proxies"
	}
	return f
}
