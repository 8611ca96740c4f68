package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// AmbiguousPort finds destinations that name no port, and for which istiod infers
// one that the service does not have [6.1, 8.1, 8.4].
var AmbiguousPort = &rule.Rule{
	Name:     "ambiguous-port",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Run:      ambiguousPort,
	Doc: rule.Doc{
		Title: "A route names no port, and the one that istiod infers is not on the service",
		Why: `A destination without a port is not sent to "the" port of the service. What istiod
takes instead depends on where the request comes in:

- HTTP at a sidecar: the port that the client called, even if the destination has
  just one other port. A route from ` + "`reviews`" + ` on 80 to a service on 9090 leads to its
  port 80, which does not exist.
- HTTP at a gateway: the only port of the destination, and where it has several, the
  number of the Gateway's server, such as 443.
- TCP and TLS: the only port, and where there are several, the port called.

A port that the destination does not have is a cluster that no proxy has, and requests
fail with **503** and the response flag **NC** (no cluster).

The routes of a VirtualService are judged on the ports that the Services of its hosts
declare. It is an error where clients find no working port of such a host, or where
what comes in at a server of a Gateway leads nowhere; a warning where only some ports
of the host are concerned, where a plaintext server may share the listener of another
whose port is there, and for a host without a Service, which sidecars serve on port 80
if any service there is one of HTTP.`,
		Fix: "- Name the port: `port: {number: 9090}` in the destination.\n" +
			"- Or give the destination the port numbers that clients call.",
		See: []string{"IST0112"},
	},
}

func ambiguousPort(p *rule.Pass) {
	host := p.Mesh.Host(p.Key.Name)
	var possible []rule.Finding
	var certainly, possibly []bool // of the callers of a route
	for _, target := range host.Targets() {
		if target.Port != 0 {
			continue
		}
		lost := inferredPorts{mesh: p.Mesh, host: host, target: target}
		callers := host.Callers(target.Delivery)
		certainly, possibly = certainly[:0], possibly[:0]
		for _, client := range callers {
			certain, possible := lost.judge(client)
			certainly, possibly = append(certainly, certain), append(possibly, possible)
		}
		if slices.Contains(certainly, true) {
			lost.certain.viewpoints = among(callers, certainly)
			p.Report(lost.finding(rule.Error, lost.certain))
		}
		if slices.Contains(possibly, true) {
			lost.possible.viewpoints = among(callers, possibly)
			possible = append(possible, lost.finding(rule.Warning, lost.possible))
		}
	}
	for _, f := range possible { // behind the errors, so that each kind is merged
		p.Report(f)
	}
}

// inferredPorts judges a target that names no port.
type inferredPorts struct {
	mesh   *mesh.View
	host   *mesh.Host
	target *mesh.Target
	// certain is what fails for sure, possible what fails if anyone calls it.
	certain, possible misdirected
}

// misdirected is traffic that is sent to ports that there are not.
type misdirected struct {
	viewpoints mesh.Viewpoints
	ports      []string
	// at says where the traffic comes in.
	at       []string
	services []mesh.Service
}

// judge reports whether a client's requests fail for sure, or possibly.
func (l *inferredPorts) judge(client mesh.Client) (certain, possible bool) {
	services := l.host.Candidates(client)
	if !client.Reached || len(services) == 0 || nameless(l.mesh, services) || onlyNames(l.target, client, services) && allPortless(services) {
		return false, false // which for names without ports is for unknown-port to say
	}
	if client.Gateway != "" {
		return l.judgeGateway(client, services)
	}
	for _, called := range l.mesh.Called(l.target.Root, l.target.Section(), client.Viewpoint.Namespace) {
		on, bad := l.sort(called.Ports, client, services)
		switch {
		case len(bad) == 0:
		case called.Assumed || len(bad) < on:
			possible = true
			l.possible.add(bad, called.Host, services)
		default:
			certain = true
			l.certain.add(bad, called.Host, services)
		}
	}
	return certain, possible
}

// sort returns on how many of some ports the route is called, and from which of these it leads
// nowhere.
func (l *inferredPorts) sort(ports []uint32, client mesh.Client, services []mesh.Service) (on int, bad []uint32) {
	for _, port := range ports {
		if !l.target.CalledOn(client.Viewpoint, port) {
			continue
		}
		if on++; !l.arrives(client, services, port) {
			bad = append(bad, port)
		}
	}
	return on, bad
}

// judgeGateway looks at the servers of a Gateway that hand the route out. A
// listener of TCP may be known by the port that the pods open, so nothing is
// certain there.
func (l *inferredPorts) judgeGateway(client mesh.Client, services []mesh.Service) (certain, possible bool) {
	gateway := l.mesh.Gateway(client.Gateway)
	if gateway == nil {
		return false, false
	}
	dead, doubtful := l.deadServers(gateway, client, services)
	if l.target.Section() != mesh.SectionHTTP {
		dead, doubtful = nil, append(dead, doubtful...)
	}
	if len(dead) > 0 {
		l.certain.add(dead, gateway.By.String(), services)
	}
	if len(doubtful) > 0 {
		l.possible.add(doubtful, gateway.By.String(), services)
	}
	return len(dead) > 0, len(doubtful) > 0
}

// deadServers returns the ports of the servers from which the route leads nowhere.
// What plaintext servers infer may be the port of another of them: they share a
// route table where a Service maps their ports to one [8.4]. Where that would lead
// somewhere, it is doubtful.
func (l *inferredPorts) deadServers(gateway *mesh.Gateway, client mesh.Client, services []mesh.Service) (dead, doubtful []uint32) {
	servers := slices.DeleteFunc(slices.Clone(gateway.Servers), func(s *mesh.Server) bool {
		return s.Section() != l.target.Section() || !s.AdmitsAny(l.target.Root) || l.mesh.Closed(gateway, s)
	})
	for _, server := range servers {
		if server.Redirects || !l.target.CalledOn(client.Viewpoint, server.Port) || l.arrives(client, services, server.Port) {
			continue
		}
		leads := func(o *mesh.Server) bool { return o.Plaintext() && l.arrives(client, services, o.Port) }
		if server.Plaintext() && slices.ContainsFunc(servers, leads) {
			doubtful = append(doubtful, server.Port)
		} else {
			dead = append(dead, server.Port)
		}
	}
	return dead, doubtful
}

// arrives reports whether what comes in on a port has a cluster for any service
// that the client may be given.
func (l *inferredPorts) arrives(client mesh.Client, services []mesh.Service, port uint32) bool {
	return slices.ContainsFunc(services, func(s mesh.Service) bool {
		sent := mesh.Sent{To: l.target, By: client, Service: s, On: port}
		return sent.Arrives(l.host)
	})
}

func (m *misdirected) add(ports []uint32, at string, services []mesh.Service) {
	for _, port := range ports {
		if number := strconv.FormatUint(uint64(port), 10); !slices.Contains(m.ports, number) {
			m.ports = append(m.ports, number)
		}
	}
	if !slices.Contains(m.at, at) {
		m.at = append(m.at, at)
	}
	m.services = append(m.services, services...)
}

func (l *inferredPorts) finding(severity rule.Severity, lost misdirected) rule.Finding {
	t, by := l.target, lost.services[0].By
	ports := "port " + listed(lost.ports)
	if len(lost.ports) > 1 {
		ports = "ports " + listed(lost.ports)
	}
	f := rule.Finding{
		Severity:   severity,
		Object:     t.Object(),
		Path:       t.Path(),
		About:      t.Host,
		Message:    fmt.Sprintf("%s %s names no port, and istiod infers %s, which it does not have", sending(t), t.Host, ports),
		Viewpoints: lost.viewpoints,
		Have:       portsOf(lost.services),
		Effect:     fmt.Sprintf("on %s of %s, %s", ports, strings.Join(lost.at, ", "), failing(t)),
		Fix:        fmt.Sprintf("name the port of %s in the destination", by),
		OtherFix:   fmt.Sprintf("first name the port of %s in %s, and let that propagate", by, t.Object()),
		RestsOn:    l.host.RestsOn(lost.viewpoints, t.Object().Namespace, t.Root.By.Namespace),
	}
	for _, called := range t.Root.Hosts {
		f.RestsOn = append(f.RestsOn, l.mesh.Host(called).RestsOn(lost.viewpoints)...)
	}
	slices.Sort(f.RestsOn)
	f.RestsOn = slices.Compact(f.RestsOn)
	if only, ok := lost.services[0].Only(); ok && lost.services[0].Alias == "" {
		f.Fix = fmt.Sprintf("add \"port: {number: %d}\" to the destination", only)
	}
	if duplicated(l.host) {
		f.Fix = fmt.Sprintf("name a port that %s has, or take the host out of it: several namespaces declare the host", by)
	}
	return settle(f, l.host, t, lost.services)
}
