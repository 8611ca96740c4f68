package rules

import (
	"fmt"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

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
}

// place is a route that clashes, and with whom, whatever the pods.
type place struct {
	by     *mesh.VirtualService
	from   *mesh.Route
	route  *mesh.Route
	number int
	other  *mesh.VirtualService
}

func placeOf(r *mesh.HostRoute, other *mesh.VirtualService) place {
	return place{r.Root, r.From, r.Route, r.Number, other}
}

// clashes returns what a rule finds in a virtual host, once for each route and each
// other VirtualService. Where the pods of the gateway may run in one of several
// namespaces, it has to be so in each that is given the later route.
func clashes(p *rule.Pass, find func(*mesh.VirtualHost) []clash) []clash {
	var all []clash
	known := map[place]bool{}
	for _, table := range p.Mesh.VirtualHosts(p.Key.Name) {
		for _, c := range alike(table, find) {
			if at := placeOf(c.later, c.first.Root); !known[at] {
				known[at] = true
				all = append(all, c)
			}
		}
	}
	return all
}

// alike returns what is found in a virtual host wherever its pods may run, as the
// mildest of the answers has it.
func alike(table []*mesh.VirtualHost, find func(*mesh.VirtualHost) []clash) []clash {
	var order []place
	found := map[place][]clash{}
	given := map[place]int{}
	for _, host := range table {
		for _, r := range host.Routes {
			given[placeOf(r, nil)]++
		}
		for _, c := range find(host) {
			at := placeOf(c.later, c.first.Root)
			if found[at] == nil {
				order = append(order, at)
			}
			found[at] = append(found[at], c)
		}
	}
	var everywhere []clash
	for _, at := range order {
		anywhere := at
		anywhere.other = nil
		if list := found[at]; len(list) == given[anywhere] {
			everywhere = append(everywhere, mildest(list))
		}
	}
	return everywhere
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
