package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// ShadowedRoute finds routes that an earlier one keeps from their requests, within a
// VirtualService and between those that are merged on a gateway [4.6, 4.7].
var ShadowedRoute = &rule.Rule{
	Name:     "shadowed-route",
	Severity: rule.Error,
	On:       mesh.SubjectVirtualHost,
	Also:     mesh.SubjectVirtualService,
	Run:      shadowedRoute,
	Doc: rule.Doc{
		Title: "A route is never reached, or is reached only as long as objects have the age that they have",
		Why: `A proxy takes the first route that matches.

**Within a VirtualService** that is the order of its rules. After the first rule that
takes every request (no match, the prefix ` + "`/`" + ` or the regular expression ` + "`.*`" + `, and no
other condition) istiod does not even hand the others out. A rule whose every match is
covered by earlier ones is dead as well. This is a warning.

**On a gateway** istiod merges all VirtualServices of a host. Their rules stand one
behind the other, the oldest VirtualService first; only catch-alls are moved to the
end. If an older VirtualService has ` + "`/api`" + ` and a newer one ` + "`/api/v2`" + `, the newer rule
is dead. If it is the other way round, both work, until the older one is created anew
by a restore, ` + "`kubectl replace --force`" + ` or a GitOps tool: then its age starts again and
the requests silently go elsewhere. Both are errors. Where neither covers the other,
and only requests that satisfy both are in question, it is a warning.

Nothing is reported where the matches cannot both hold, where both routes do the same,
and where istiod cannot be proved to choose.

Each route is compared with all others of a host, so there is a bound: among more than
400 matches a clash is only a warning, and among more than 800 none is looked for.`,
		Fix: `- Put both rules into one VirtualService, the narrower first.
- Or make the matches exclude each other, for example by a header or by another prefix.
- Remove a rule that is dead.`,
		See: []string{"IST0130", "IST0131", "KIA1106"},
	},
}

func shadowedRoute(p *rule.Pass) {
	if p.Key.Subject == mesh.SubjectVirtualService {
		shadowedInside(p)
		return
	}
	for _, c := range clashes(p, shadowed) {
		p.Report(c.shadow(p))
	}
}

// shadowed returns the routes of a virtual host that one of another VirtualService
// takes requests from. Catch-alls among each other are left to several-catch-alls.
func shadowed(p *rule.Pass, host *mesh.VirtualHost) []clash {
	if len(host.Routes) > 2*mostRoutes {
		return nil
	}
	var list []clash
	alive := make([]bool, len(host.Routes))
	for i, later := range host.Routes {
		if p.Ended() {
			return nil
		}
		alive[i] = later.Certain && later.Match.Admits(host.Host) && !coveredByOwn(p, host.Routes[:i], later)
		if alive[i] {
			list = append(list, takenFrom(p, host, alive, i)...)
		}
	}
	return list
}

// takenFrom returns the clashes of a route of a virtual host with those before it that are
// not dead themselves.
func takenFrom(p *rule.Pass, host *mesh.VirtualHost, alive []bool, at int) []clash {
	var list []clash
	before, later := host.Routes[:at], host.Routes[at]
	for i, first := range before {
		if !alive[i] || first.Root == later.Root || first.CatchAll() || first.Match.Elsewhere(later.Match) {
			continue
		}
		if first.SameEffect(later.Delivery) {
			if p.Mesh.Covers(first.Match, later.Match) {
				break // what comes behind it changes nothing
			}
			continue
		}
		c, ok := between(p.Mesh, first, later, host)
		if !ok || doneBefore(p, before, later.Root, first) {
			continue
		}
		if firstAnyway(p, before[:i], c) {
			c.severity = rule.Warning // until the third one goes
		}
		list = append(list, c)
	}
	return list
}

// coveredByOwn reports whether a route is dead within its own VirtualService.
func coveredByOwn(p *rule.Pass, before []*mesh.HostRoute, later *mesh.HostRoute) bool {
	for _, r := range before {
		if r.Certain && r.Root == later.Root && p.Mesh.Covers(r.Match, later.Match) {
			return true
		}
	}
	return false
}

// doneBefore reports whether a VirtualService has a route for all requests of another's,
// before the route in question: whichever of the two comes first, that gets none of them.
func doneBefore(p *rule.Pass, before []*mesh.HostRoute, own *mesh.VirtualService, first *mesh.HostRoute) bool {
	for _, r := range before {
		if r.Certain && r.Root == own && p.Mesh.Covers(r.Match, first.Match) {
			return true
		}
	}
	return false
}

// firstAnyway reports whether a route of a third VirtualService, before both of those that
// clash, takes all requests of the first of them.
func firstAnyway(p *rule.Pass, before []*mesh.HostRoute, c clash) bool {
	stays := func(r, behind *mesh.HostRoute) bool {
		_, known := r.Fragment.Order(behind.Fragment, c.pods)
		return r.Root != behind.Root && known
	}
	return slices.ContainsFunc(before, func(r *mesh.HostRoute) bool {
		return r.Certain && stays(r, c.first) && stays(r, c.later) && p.Mesh.Covers(r.Match, c.first.Match)
	})
}

// between judges two routes of different VirtualServices that do different things.
func between(view *mesh.View, first, later *mesh.HostRoute, host *mesh.VirtualHost) (clash, bool) {
	c := clash{first: first, later: later, severity: severityOf(host), pods: host.Pods}
	c.by, c.known = first.Fragment.Order(later.Fragment, host.Pods)
	covered := view.Covers(first.Match, later.Match)
	byAge := c.by == mesh.ByAge || c.by == mesh.ByGatewayAge
	switch {
	case covered && (c.known || later.CatchAll()):
		c.dead = true
		return c, true
	case later.CatchAll() || !byAge:
		return c, false
	case covered || view.Covers(later.Match, first.Match):
		return c, true
	default:
		c.severity = rule.Warning
		return c, view.Meets(first.Match, later.Match)
	}
}

func (c *clash) shadow(p *rule.Pass) rule.Finding {
	_, host, _ := strings.Cut(p.Key.Name, "|")
	f := c.finding(p)
	first := fmt.Sprintf("%s (%s)", asked(c.first.Match), c.first.Root.By)
	if c.dead {
		f.Message = fmt.Sprintf("route for %s at %s is dead: %s comes first and takes its requests", asked(c.later.Match), host, first)
		f.Effect = fmt.Sprintf("its requests go to %s", leadsTo(c.first.Route))
		f.Fix = "put both into one VirtualService, the narrower first, or make the matches exclude each other"
		f.OtherFix = fmt.Sprintf("leave the requests of %s to it, or first take its route out", c.later.Root.By)
		return f
	}
	f.Message = fmt.Sprintf("route for %s at %s overlaps with %s, and only their age decides which is taken", asked(c.later.Match), host, first)
	f.Effect = fmt.Sprintf("requests that match both go to %s, until it is created anew", leadsTo(c.first.Route))
	if !c.known {
		f.Effect = "requests that match both go where the older one leads"
	}
	f.Fix = "put both into one VirtualService, the narrower first, or make the matches exclude each other"
	f.OtherFix = fmt.Sprintf("leave the requests of %s to it, or put both into one VirtualService", c.later.Root.By)
	return f
}

// shadowedInside reports the rules of a VirtualService that are dead because of
// earlier ones of the same.
func shadowedInside(p *rule.Pass) {
	root := p.Mesh.VirtualService(p.Key.Name)
	if root == nil || root.Delegate() {
		return
	}
	deliveries := p.Mesh.Deliveries(root)
	if matchesOf(deliveries) > 2*mostRoutes {
		return
	}
	for i, d := range deliveries {
		if p.Ended() {
			return
		}
		shadow, differs := p.Mesh.ShadowOf(d, deliveries[:i])
		if !differs {
			continue
		}
		by := shadow.By
		p.Report(rule.Finding{
			Severity:   rule.Warning,
			Object:     d.By.By,
			Path:       "spec." + d.Route.Field(),
			About:      "within " + root.Name() + " " + askedByAny(d.Matches),
			Message:    unreached(d, shadow),
			Viewpoints: given(shadow.Reach),
			Effect:     fmt.Sprintf("its requests go to %s", leadsTo(by.Route)),
			Fix:        "move the rule before the one that takes its requests, or remove it",
			OtherFix:   fmt.Sprintf("keep the rules of %s reachable, or first remove the dead one", d.By.By),
			RestsOn:    namespacesOf(root.Name(), d.By.Name(), by.By.Name()),
		})
	}
}

func matchesOf(deliveries []*mesh.Delivery) int {
	matches := 0
	for _, d := range deliveries {
		matches += max(1, len(d.Matches))
	}
	return matches
}

// unreached says that nobody reaches a route, or nobody but those whom labels pick.
func unreached(d *mesh.Delivery, shadow mesh.Shadow) string {
	what, by := askedByAny(d.Matches), whose(shadow.By, d)
	if shadow.Labeled {
		return fmt.Sprintf("rule for %s is reached by nobody but the pods that its sourceLabels pick: %s takes the requests of all others", what, by)
	}
	return fmt.Sprintf("rule for %s is never reached: %s takes its requests", what, by)
}

// askedByAny says in words what a rule asks of a request.
func askedByAny(matches []*mesh.Match) string {
	if len(matches) == 0 {
		return "every request"
	}
	texts := make([]string, 0, len(matches))
	for _, m := range matches {
		texts = append(texts, asked(m))
	}
	if len(texts) > 2 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:2], "; "), len(texts)-2)
	}
	return strings.Join(texts, "; ")
}

// whose names the rule that comes before another.
func whose(by, d *mesh.Delivery) string {
	if by.By == d.By {
		return by.Route.Field()
	}
	return fmt.Sprintf("%s of %s", by.Route.Field(), by.By.By)
}
