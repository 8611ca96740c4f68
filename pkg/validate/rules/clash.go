package rules

import (
	"fmt"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// mostRoutes bounds what is compared: each route of a virtual host with all others.
// Beyond it a clash is a warning, and beyond twice as many none is looked for, so that
// a host that comes back below the bound has nothing new.
const mostRoutes = 400

// clash is a route of a virtual host that another VirtualService's stands before.
type clash struct {
	first, later *mesh.HostRoute
	severity     rule.Severity
	// dead is true where the later one gets nothing; else they share requests, and
	// an order that may change says whose they are.
	dead bool
	// by is what decides which comes first, and known whether that can be told.
	by    mesh.Order
	known bool
	// pods is the namespace that the gateway's pods run in; empty for one that
	// nobody named.
	pods string
	// faults are all that the finding is made of.
	faults []string
}

// place is a match of a route of a virtual host, whatever the pods.
type place struct {
	gateway *mesh.Gateway
	from    *mesh.Route
	route   *mesh.Route
	root    *mesh.VirtualService
	number  int
}

func placeOf(r *mesh.HostRoute) place {
	return place{r.Fragment.Gateway, r.From, r.Route, r.Root, r.Number}
}

// pair is a match and one that stands before it.
type pair struct{ first, later place }

// party is a match of a route, and another VirtualService that it clashes with as
// badly.
type party struct {
	later    place
	first    *mesh.VirtualService
	severity rule.Severity
}

// clashes returns what a rule finds in a virtual host: one clash, the worst, for each
// match, each other VirtualService and each severity, with the faults of all of them.
// Where the pods of the gateway may run in one of several namespaces, a fault has to
// be there in each that is given the later route.
func clashes(p *rule.Pass, find func(*rule.Pass, *mesh.VirtualHost) []clash) []clash {
	var order []party
	worst := map[party]clash{}
	for _, table := range p.Mesh.VirtualHosts(p.Key.Name) {
		for _, c := range alike(p, table, find) {
			by := party{placeOf(c.later), c.first.Root, c.severity}
			by.later.gateway = nil
			found, known := worst[by]
			if !known {
				order = append(order, by)
			}
			if !known || c.dead && !found.dead {
				found, c = c, found
			}
			found.faults = append(found.faults, c.faults...)
			worst[by] = found
		}
	}
	all := make([]clash, 0, len(order))
	for _, by := range order {
		all = append(all, worst[by])
	}
	return all
}

// alike returns what is found in a virtual host wherever its pods may run, as the
// mildest of the answers has it.
func alike(p *rule.Pass, table []*mesh.VirtualHost, find func(*rule.Pass, *mesh.VirtualHost) []clash) []clash {
	var order []pair
	found := map[pair][]clash{}
	given := map[place]int{}
	for _, host := range table {
		for _, r := range host.Routes {
			given[placeOf(r)]++
		}
		for _, c := range find(p, host) {
			at := pair{placeOf(c.first), placeOf(c.later)}
			if found[at] == nil {
				order = append(order, at)
			}
			found[at] = append(found[at], c)
		}
	}
	var everywhere []clash
	for _, at := range order {
		if list := found[at]; len(list) == given[at.later] {
			c := mildest(list)
			c.faults = []string{c.fault()}
			everywhere = append(everywhere, c)
		}
	}
	return everywhere
}

// severityOf is that of the clashes of a virtual host.
func severityOf(host *mesh.VirtualHost) rule.Severity {
	if len(host.Routes) > mostRoutes {
		return rule.Warning
	}
	return rule.Error
}

func mildest(list []clash) clash {
	mild := list[0]
	for _, c := range list[1:] {
		if !c.severity.AtLeast(mild.severity) || mild.dead && !c.dead {
			mild = c
		}
	}
	return mild
}

// fault says what is wrong, whoever brings it and whoever comes first: so that an
// object can be created by another name before the old one is deleted, and a route
// can move to another VirtualService.
func (c *clash) fault() string {
	first, later := effectOf(c.first), effectOf(c.later)
	return min(first, later) + " | " + max(first, later)
}

func effectOf(r *mesh.HostRoute) string {
	asks := *r.Match
	asks.Gateways, asks.Port, asks.SourceNamespace, asks.SourceLabels = nil, 0, "", nil // met, or it would not be here
	if r.CatchAll() {
		asks = mesh.Match{}
	}
	return asked(&asks) + " " + r.Effect()
}

// finding is what is the same for all clashes.
func (c *clash) finding(p *rule.Pass) rule.Finding {
	_, host, _ := strings.Cut(p.Key.Name, "|")
	f := rule.Finding{
		Severity:   c.severity,
		Object:     c.later.By.By,
		Path:       matchPath(c.later),
		About:      fmt.Sprintf("%s %s of %s, %s", host, asked(c.later.Match), c.later.Root.Name(), c.first.Root.Name()),
		Viewpoints: atGateways(c.later.Fragment.Gateway.Name()),
		Have:       c.order(),
		Related:    []rule.Related{{Object: c.first.By.By, Path: matchPath(c.first)}},
		RestsOn: namespacesOf(c.later.By.Name(), c.later.Root.Name(), c.first.By.Name(), c.first.Root.Name(),
			c.later.Fragment.Gateway.Name(), c.first.Fragment.Gateway.Name()),
	}
	for _, fault := range c.faults {
		f.Faults = append(f.Faults, p.Key.Name+" "+fault)
	}
	f.Whole, f.Workload = true, p.Key.Name
	if c.pods != "" {
		f.RestsOn = namespacesOf(append(f.RestsOn, c.pods)...)
	}
	return f
}

// order says what decides which of the two comes first.
func (c *clash) order() string {
	first, later := c.first.Root.By, c.later.Root.By
	if c.by == mesh.ByGatewayAge {
		first, later = c.first.Fragment.Gateway.By, c.later.Fragment.Gateway.By
	}
	switch {
	case !c.known:
		return fmt.Sprintf("%s and %s have no age here; the older will come first", first, later)
	case c.by == mesh.ByExport:
		return fmt.Sprintf("%s comes first, because it is exported to the gateway's namespace by name", first)
	case c.by == mesh.ByServer:
		return fmt.Sprintf("%s comes first, because its server does", first)
	default:
		return fmt.Sprintf("%s comes first, because it is older than %s", first, later)
	}
}

// matchPath is the field path of a match, or of the route where the match is made of
// those of root and delegate.
func matchPath(r *mesh.HostRoute) string {
	path := "spec." + r.Route.Field()
	if r.From != r.Route || len(r.Route.Matches) == 0 {
		return path
	}
	return fmt.Sprintf("%s.match[%d]", path, r.Number)
}
