package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// UnknownPort finds destinations on a port that the service does not have, or has
// for UDP only [5, 6.2].
var UnknownPort = &rule.Rule{
	Name:     "unknown-port",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      unknownPort,
	Doc: rule.Doc{
		Title: "A route leads to a port that the service does not have",
		Why: `istiod builds a cluster for each port of a service, by the number under which
clients call it: not the targetPort, not the name, and none for UDP. A route to any
other number names a cluster that no proxy has. HTTP requests that take it fail with
**503** and the response flag **NC** (no cluster), TCP and TLS connections are closed.

Where several objects declare one host, the ports are those of the service that the
client is given: the one of its own namespace, else a Kubernetes Service, else a
ServiceEntry that it sees. So a ServiceEntry in one namespace can take a port away
from the clients there and from nobody else. That is a warning where the objects are in
several namespaces, since which of them counts may change.

An ExternalName Service stands for another host, and it is that host's ports that
count. Sidecars look through such a name only on the ports that it declares itself, so
with none they never do, and an HTTP route to it fails.`,
		Fix: `- Write the port of the Service or ServiceEntry, the number that clients call.
- Where the Service gets the port only now, add it first, let it propagate, and then
  route to it; where it loses the port, take the routes away first.
- Give an ExternalName Service the port that it is called on.`,
		See: []string{"IST0101"},
	},
}

func unknownPort(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	var missing, unseen []bool // of the callers of a route
	for _, target := range host.Targets() {
		missing, unseen = missing[:0], unseen[:0]
		var instead []mesh.Service
		callers := host.Callers(target.Delivery)
		for _, client := range callers {
			services := host.Candidates(client)
			lacks := lacksPort(host, target, client, services)
			blind := !lacks && seesNothing(p.Mesh, target, client, services)
			missing, unseen = append(missing, client.Reached && lacks), append(unseen, client.Reached && blind)
			if client.Reached && (lacks || blind) {
				instead = append(instead, services...)
			}
		}
		if slices.Contains(missing, true) {
			p.Report(portFinding(host, target, among(callers, missing), instead))
		}
		if slices.Contains(unseen, true) {
			p.Report(unseenFinding(p.Mesh, host, target, among(callers, unseen), instead))
		}
	}
}

// lacksPort reports whether a client has the port of a target in none of the
// services that it may be given for the host.
func lacksPort(host *mesh.Host, target *mesh.Target, client mesh.Client, services []mesh.Service) bool {
	return target.Port != 0 && len(services) > 0 && !slices.ContainsFunc(services, func(s mesh.Service) bool {
		return host.Takes(s, client, target.Port)
	})
}

// seesNothing reports whether what a client is given for the host is a name that
// its sidecar does not look through [1.9]: an ExternalName without ports, or without one
// of those on which the route is called. Of a destination without a port the
// latter is for ambiguous-port to say.
func seesNothing(view *mesh.View, target *mesh.Target, client mesh.Client, services []mesh.Service) bool {
	if !onlyNames(target, client, services) || nameless(view, services) {
		return false
	}
	return allPortless(services) || target.Port != 0 && calledBeside(view, target, client, services)
}

// onlyNames reports whether a sidecar is given nothing for the host of an HTTP route
// but names that stand for others.
func onlyNames(target *mesh.Target, client mesh.Client, services []mesh.Service) bool {
	return client.Gateway == "" && target.Section() == mesh.SectionHTTP && len(services) > 0 &&
		!slices.ContainsFunc(services, func(s mesh.Service) bool { return s.Alias == "" })
}

// nameless reports whether all that stands behind the host are names that stand for
// names: whatever the port, they lead nowhere, which is for unknown-host to say.
func nameless(view *mesh.View, services []mesh.Service) bool {
	return !slices.ContainsFunc(services, func(s mesh.Service) bool { return !view.StandsForName(s) })
}

func allPortless(services []mesh.Service) bool {
	return !slices.ContainsFunc(services, func(s mesh.Service) bool { return !s.Portless() })
}

// calledBeside reports whether a route is called on a port that none of the services
// declares.
func calledBeside(view *mesh.View, target *mesh.Target, client mesh.Client, services []mesh.Service) bool {
	return slices.ContainsFunc(view.Called(target.Root, target.Section(), client.Viewpoint.Namespace), func(c mesh.Called) bool {
		return !c.Assumed && slices.ContainsFunc(c.Ports, func(port uint32) bool {
			has := func(s mesh.Service) bool { return s.Has(port) }
			return target.CalledOn(client.Viewpoint, port) && !slices.ContainsFunc(services, has)
		})
	})
}

func portFinding(host *mesh.Host, target *mesh.Target, missing mesh.Viewpoints, instead []mesh.Service) rule.Finding {
	what := "which has no such port"
	if slices.ContainsFunc(instead, func(s mesh.Service) bool { return s.IsUDP(target.Port) }) {
		what = "which has it for UDP only"
	}
	by := instead[0].By
	f := rule.Finding{
		Object:     target.Object(),
		Path:       target.Path() + ".port.number",
		About:      fmt.Sprintf("%s:%d", target.Host, target.Port),
		Message:    fmt.Sprintf("%s port %d of %s, %s", sending(target), target.Port, target.Host, what),
		Viewpoints: missing,
		Have:       portsOf(instead),
		Effect:     failing(target),
		Fix:        fmt.Sprintf("write a port that %s has; the number is the one that clients call, not the targetPort", by),
		OtherFix: fmt.Sprintf("keep port %d in %s, or first take the route to it out of %s and let that propagate",
			target.Port, by, target.Object()),
		RestsOn: host.RestsOn(missing, target.Object().Namespace, target.Root.By.Namespace),
	}
	if instead[0].Alias != "" {
		f.Fix = fmt.Sprintf("write a port of %s, which %s stands for", instead[0].Alias, by)
		f.OtherFix = fmt.Sprintf("keep port %d of %s, or first take the route to it out of %s and let that propagate",
			target.Port, instead[0].Alias, target.Object())
	}
	if duplicated(host) {
		f.Fix = fmt.Sprintf("write a port that %s has, or take the host out of it: several namespaces declare the host", by)
	}
	return settle(f, host, target, instead)
}

func unseenFinding(view *mesh.View, host *mesh.Host, target *mesh.Target, unseen mesh.Viewpoints, instead []mesh.Service) rule.Finding {
	by, without := instead[0].By, "without ports"
	if !instead[0].Portless() {
		without = "without a port that the route is called on"
	}
	f := rule.Finding{
		Object:     target.Object(),
		Path:       target.Path() + ".host",
		About:      target.Host,
		Message:    fmt.Sprintf("%s %s, an ExternalName Service %s, which sidecars do not look through", sending(target), target.Host, without),
		Viewpoints: unseen,
		Effect:     failing(target),
		Fix:        fmt.Sprintf("route to %s itself, or give %s the ports that the route is called on", instead[0].Alias, by),
		OtherFix:   fmt.Sprintf("keep the ports of %s, or first take the route to it out of %s and let that propagate", by, target.Object()),
		RestsOn:    host.RestsOn(unseen, target.Object().Namespace, target.Root.By.Namespace),
	}
	f.RestsOn = namespacesOf(append(f.RestsOn, restsOn(view, target.Root, unseen)...)...)
	return settle(f, host, target, instead)
}

// duplicated reports whether several namespaces declare a host: which of them a client
// is given then may change with what the host's other clients import [7.4].
func duplicated(host *mesh.Host) bool {
	return slices.ContainsFunc(host.Declarations, func(d *mesh.Declaration) bool {
		return d.By.Namespace != host.Declarations[0].By.Namespace
	})
}

// settle adds what is the same for all findings about ports: their severity and
// the services that they rest on.
func settle(f rule.Finding, host *mesh.Host, target *mesh.Target, instead []mesh.Service) rule.Finding {
	if harmless(target) || duplicated(host) {
		f.Severity = rule.Warning
	}
	for _, s := range instead {
		if !slices.ContainsFunc(f.Related, func(r rule.Related) bool { return r.Object == s.By }) {
			f.Related = append(f.Related, rule.Related{Object: s.By, Path: "spec.ports"})
		}
	}
	return f
}

// portsOf lists the ports of some services, each once.
func portsOf(services []mesh.Service) string {
	var parts []string
	for _, s := range services {
		if s.Alias != "" {
			continue
		}
		numbers := make([]string, 0, len(s.Listens()))
		for _, p := range s.Listens() {
			numbers = append(numbers, strconv.FormatUint(uint64(p.Number), 10))
		}
		if len(numbers) == 0 {
			numbers = []string{"none"}
		}
		if part := listed(numbers) + "  (" + s.By.String() + ")"; !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}
