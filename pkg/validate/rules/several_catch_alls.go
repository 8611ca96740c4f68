package rules

import (
	"fmt"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// SeveralCatchAlls finds hosts of a gateway for which several VirtualServices have
// a route that takes every request [4.6, 4.7].
var SeveralCatchAlls = &rule.Rule{
	Name:     "several-catch-alls",
	Severity: rule.Error,
	On:       mesh.SubjectVirtualHost,
	Run:      severalCatchAlls,
	Doc: rule.Doc{
		Title: "Several VirtualServices have a catch-all route for one host of a gateway",
		Why: `On a gateway istiod merges the VirtualServices of a host: it puts their routes one
behind the other, the oldest VirtualService first, and then moves every catch-all to
the end. A catch-all is a route without a match, or with a match on nothing but the
prefix ` + "`/`" + ` or the regular expression ` + "`.*`" + `. Of several, the first takes
everything that no other route took, and **the others are dead**: no error shows, the
requests just go elsewhere. After the older VirtualService is created anew it is the
other way round.

A VirtualService that is exported to the namespace of the gateway's pods by name
comes before public ones, whatever their age. Catch-alls that do the same are not
reported.`,
		Fix: `- Keep one catch-all for the host, in a VirtualService that one team owns.
- Give the other routes a match, such as a path prefix.`,
		See: []string{"KIA1106"},
	},
}

func severalCatchAlls(p *rule.Pass) {
	for _, c := range oncePerRoute(clashes(p, laterCatchAlls)) {
		_, host, _ := strings.Cut(p.Key.Name, "|")
		f := c.finding(p)
		// Which of the others comes first makes no difference to who is dead.
		f.About = fmt.Sprintf("%s of %s", host, c.later.Root.Name())
		f.Message = fmt.Sprintf("catch-all for %s is dead, because that of %s comes first", host, c.first.Root.By)
		f.Effect = fmt.Sprintf("what it should take goes to %s", leadsTo(c.first.Route))
		if !c.known {
			f.Message = fmt.Sprintf("catch-all for %s beside that of %s: only the older counts", host, c.first.Root.By)
			f.Effect = "the catch-all of the newer is dead"
		}
		f.Fix = fmt.Sprintf("give the route a match, or leave the catch-all for %s to one VirtualService", host)
		f.OtherFix = fmt.Sprintf("leave the catch-all for %s to %s, or first take it out there", host, c.later.Root.By)
		p.Report(f)
	}
}

// oncePerRoute leaves of the clashes of a route that with the first to come, with the
// faults of all.
func oncePerRoute(all []clash) []clash {
	var list []clash
	at := map[place]int{}
	for _, c := range all {
		later := placeOf(c.later)
		if i, known := at[later]; known {
			list[i].faults = append(list[i].faults, c.faults...)
			continue
		}
		at[later] = len(list)
		list = append(list, c)
	}
	return list
}

// laterCatchAlls returns the catch-alls that others of other VirtualServices stand
// before. Each is told of all of them: when the first goes, the next is nothing new.
func laterCatchAlls(_ *rule.Pass, host *mesh.VirtualHost) []clash {
	if len(host.Routes) > 2*mostRoutes {
		return nil
	}
	var before []*mesh.HostRoute
	var list []clash
	for _, r := range host.Routes {
		if !r.Certain || !r.CatchAll() {
			continue
		}
		list = append(list, behind(before, r, host)...)
		before = append(before, r)
	}
	return list
}

// behind returns the clashes of a catch-all with those before it, none where the first
// of all does the same.
func behind(before []*mesh.HostRoute, r *mesh.HostRoute, host *mesh.VirtualHost) []clash {
	var list []clash
	for i, first := range before {
		if first.Root == r.Root || first.SameEffect(r.Delivery) {
			if i == 0 {
				return nil
			}
			continue
		}
		c := clash{first: first, later: r, severity: severityOf(host), dead: true, pods: host.Pods}
		c.by, c.known = first.Fragment.Order(r.Fragment, host.Pods)
		list = append(list, c)
	}
	return list
}
