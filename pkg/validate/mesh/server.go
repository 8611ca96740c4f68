package mesh

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// WhyNoServer says why a server does not serve.
type WhyNoServer string

// The reasons for which istiod drops a server, or Envoy the listener that it is
// part of [4.9].
const (
	// ServerPortTaken is a port that another protocol has already.
	ServerPortTaken WhyNoServer = "protocol"
	// ServerHostTaken is a TLS port that already has one of the hosts.
	ServerHostTaken WhyNoServer = "host"
	// ServerNameTaken is a second HTTPS server of one Gateway and one port name.
	ServerNameTaken WhyNoServer = "port name"
	// ServerSNITaken is a second filter chain for a name that has one already, which
	// makes Envoy refuse all of the port.
	ServerSNITaken WhyNoServer = "SNI"
)

// ServerConflict is a server that comes too late for its port.
type ServerConflict struct {
	Gateway *Gateway
	Server  *Server
	Why     WhyNoServer
	// Host is the one that both have, as Gateway writes it; empty where it is not
	// about a host.
	Host string
	// Same is true where the two servers are the same in all that is said of them.
	Same bool
	// Listener names the port on the pods where they meet.
	Listener string
	// First and FirstServer are what came before.
	First       *Gateway
	FirstServer *Server
}

// place is one server of one Gateway.
type place struct {
	gateway *Gateway
	server  *Server
}

// before reports whether istiod takes a server before another [4.9].
func (p place) before(o place) bool { return p.compare(o) < 0 }

func (p place) compare(o place) int {
	return cmp.Or(compareAge(p.gateway.By, o.gateway.By), cmp.Compare(p.server.Index, o.server.Index))
}

// class tells apart what servers can share a port with.
type class string

const (
	sharedPlaintext class = "http" // told apart by the Host header
	solePlaintext   class = "tcp"
	byServerName    class = "tls"
)

func (s *Server) class() class {
	switch {
	case s.encrypted():
		return byServerName
	case s.http():
		return sharedPlaintext
	default:
		return solePlaintext
	}
}

// judged reports whether istiod makes anything of the server that could be relied on.
func (s *Server) judged() bool { return s.Section() != "" && (s.Plaintext() || s.TLS != "") }

// ListenerKey is the key of a port on the pods of a selector.
func ListenerKey(selector string, port uint32) Key {
	return Key{SubjectListener, selector + "|" + strconv.FormatUint(uint64(port), 10)}
}

// serverNameKey is the key of a host that clients name to a listener before it
// answers, whatever the namespaces that it is for.
func serverNameKey(listener Key, host string) Key {
	return Key{SubjectServerName, listener.Name + "|" + host}
}

// keys are the listener of a server, and the names by which it is told apart there.
func (p place) keys() (listener Key, names []Key) {
	listener = ListenerKey(p.gateway.Selector, p.server.Port)
	if !p.server.encrypted() {
		return listener, nil
	}
	for _, entry := range p.server.Hosts {
		names = append(names, serverNameKey(listener, entry.Host))
	}
	return listener, names
}

// link makes the Gateway found by what its servers take up.
func (g *Gateway) link(to *facts) {
	for _, server := range g.Servers {
		if !server.judged() {
			continue
		}
		listener, names := place{g, server}.keys()
		to.link(takesUp, listener.Name+"|"+string(server.class()))
		for _, name := range names {
			to.link(answersTo, name.Name)
		}
	}
}

// PortConflicts returns the servers that find their port taken by another
// protocol, by the name of the listener's key.
func (v *View) PortConflicts(listener string) []*ServerConflict {
	var conflicts []*ServerConflict
	for _, p := range v.contested(listener) {
		if c := v.dropped(p); c != nil && c.Why == ServerPortTaken {
			conflicts = append(conflicts, c)
		}
	}
	return conflicts
}

// NameConflicts returns the servers that find a host taken on their port, by the
// name of the host's key there.
func (v *View) NameConflicts(name string) []*ServerConflict {
	var conflicts []*ServerConflict
	parts := strings.SplitN(name, "|", 3)
	for _, p := range v.answering(name) {
		c := v.dropped(p)
		if c == nil {
			c = v.refused(p, parts[len(parts)-1])
		}
		if c != nil && c.Why != ServerPortTaken {
			conflicts = append(conflicts, c)
		}
	}
	return conflicts
}

// contested returns the servers of a listener in istiod's order, where they cannot
// all share it; none where they can, however many they are.
func (v *View) contested(listener string) []place {
	places, known := v.contests[listener]
	if !known {
		places = v.contesting(listener)
		v.contests[listener] = places
	}
	return places
}

func (v *View) contesting(listener string) []place {
	classes, sole := 0, 0
	for _, c := range []class{sharedPlaintext, byServerName, solePlaintext} {
		for h := range v.snapshot.linked(takesUp, listener+"|"+string(c)) {
			classes++
			if c == solePlaintext {
				sole = len(h.gateway.Servers) // any second one is too many
			}
			break
		}
	}
	if classes < 2 && sole == 0 {
		return nil
	}
	var places []place
	for _, c := range []class{sharedPlaintext, byServerName, solePlaintext} {
		for h := range v.snapshot.linked(takesUp, listener+"|"+string(c)) {
			for _, server := range h.gateway.Servers {
				if server.judged() && server.class() == c && ListenerKey(h.gateway.Selector, server.Port).Name == listener {
					places = append(places, place{h.gateway, server})
				}
			}
		}
	}
	slices.SortFunc(places, place.compare)
	return places
}

// answering returns the servers with TLS that have a host on a port, in istiod's order.
func (v *View) answering(name string) []place {
	var places []place
	for h := range v.snapshot.linked(answersTo, name) {
		for _, server := range h.gateway.Servers {
			p := place{h.gateway, server}
			if !server.judged() {
				continue
			}
			if _, names := p.keys(); slices.Contains(names, Key{SubjectServerName, name}) {
				places = append(places, p)
			}
		}
	}
	slices.SortFunc(places, place.compare)
	return places
}

// dropped returns why istiod drops a server for an earlier one that it keeps, or nil.
func (v *View) dropped(p place) *ServerConflict {
	if c, known := v.drops[p]; known {
		return c
	}
	c := v.portTaken(p)
	if c == nil {
		c = v.hostTaken(p)
	}
	v.drops[p] = c
	return c
}

// portTaken compares a server with the first on its port: plaintext that is not HTTP
// can be shared with nothing.
func (v *View) portTaken(p place) *ServerConflict {
	listener, _ := p.keys()
	for _, first := range v.contested(listener.Name) {
		if !v.meet(first, p) {
			continue
		}
		alone := first.server.class() == solePlaintext || first.server.class() == sharedPlaintext && p.server.class() != sharedPlaintext
		if first.before(p) && alone && first.server.Bind == p.server.Bind {
			return conflictOf(p, first, ServerPortTaken, "")
		}
		return nil
	}
	return nil
}

// hostTaken finds an earlier server that has one of the hosts for the same namespaces.
func (v *View) hostTaken(p place) *ServerConflict {
	var found *ServerConflict
	for _, entry := range p.server.Hosts {
		earlier, ok := v.earlier(p, entry.Host, func(o ServerHost) bool { return o.Namespace == entry.Namespace })
		host := strings.TrimPrefix(entry.Namespace+"/"+entry.Host, "*/")
		if ok && (found == nil || host < found.Host) {
			found = conflictOf(p, earlier, ServerHostTaken, host)
		}
	}
	return found
}

// refused returns why Envoy refuses a server for one of its hosts, or istiod its
// routes, although istiod keeps it: another of the same name, in whatever namespaces,
// or of the same port name in one Gateway.
func (v *View) refused(p place, host string) *ServerConflict {
	if p.server.Section() != SectionHTTP {
		return nil
	}
	for _, other := range p.gateway.Servers {
		o := place{p.gateway, other}
		if o.before(p) && other.encrypted() && other.Section() == SectionHTTP && other.Port == p.server.Port &&
			other.PortName == p.server.PortName && v.dropped(o) == nil {
			return conflictOf(p, o, ServerNameTaken, "")
		}
	}
	earlier, ok := v.earlier(p, host, func(ServerHost) bool { return true })
	if ok && earlier.server.Section() == SectionHTTP {
		return conflictOf(p, earlier, ServerSNITaken, host)
	}
	return nil
}

// earlier returns the first server before another that istiod keeps, on the same
// port and address, with a host for some namespaces.
func (v *View) earlier(p place, host string, namespaces func(ServerHost) bool) (place, bool) {
	listener, names := p.keys()
	if len(names) == 0 {
		return place{}, false
	}
	for _, o := range v.answering(serverNameKey(listener, host).Name) {
		if !o.before(p) {
			break
		}
		has := func(e ServerHost) bool { return e.Host == host && namespaces(e) }
		if o.server.Bind == p.server.Bind && v.meet(o, p) && slices.ContainsFunc(o.server.Hosts, has) && v.dropped(o) == nil {
			return o, true
		}
	}
	return place{}, false
}

// meet reports whether two Gateways with one selector have any pods in common.
func (v *View) meet(a, b place) bool {
	return !v.snapshot.cfg.ScopeGatewayToNamespace || a.gateway.By.Namespace == b.gateway.By.Namespace
}

func conflictOf(p, first place, why WhyNoServer, host string) *ServerConflict {
	listener, _ := p.keys()
	return &ServerConflict{
		Gateway: p.gateway, Server: p.server, Why: why, Host: host, First: first.gateway, FirstServer: first.server,
		Same: p.server.same(first.server), Listener: listener.Name,
	}
}

// same reports whether two servers say the same, but for their names.
func (s *Server) same(o *Server) bool {
	return s.Port == o.Port && s.Bind == o.Bind && s.Protocol == o.Protocol && s.settings == o.settings &&
		slices.Equal(s.admitted(), o.admitted())
}

// admitted are the hosts of a server and the namespaces that they are for, in order.
func (s *Server) admitted() []string {
	list := make([]string, 0, len(s.Hosts))
	for _, h := range s.Hosts {
		list = append(list, h.Namespace+"/"+h.Host)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// encrypted reports whether clients are told apart by the SNI that they send.
func (s *Server) encrypted() bool { return s.TLS != "" && !s.Plaintext() }

// http reports whether the server speaks plaintext HTTP, which servers can share.
func (s *Server) http() bool { return s.Plaintext() && s.Section() == SectionHTTP }
