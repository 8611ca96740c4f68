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
	// ServerHostTaken is a port where an earlier server with TLS settings has one of the
	// hosts already.
	ServerHostTaken WhyNoServer = "host"
	// ServerNameTaken is a second HTTPS server of one Gateway and one port name.
	ServerNameTaken WhyNoServer = "port name"
	// ServerSNITaken is a second filter chain for a name that has one already, which
	// makes Envoy refuse all of the port. A server that hands TLS on has one for each name
	// that VirtualServices give it.
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
	// Idle is true where nobody misses the server: all that it would send to HTTPS is
	// sent there anyway.
	Idle bool
	// Listener names the port on the pods where they meet.
	Listener string
	// First and FirstServer are what came before.
	First       *Gateway
	FirstServer *Server
	// Hands is how Server hands Host on, FirstHands how FirstServer does; nil where they
	// do not.
	Hands, FirstHands *Handing
}

// Handing is a TLS match by which a server hands connections on.
type Handing struct {
	For *VirtualService
	// Path is the field path of the match, without "spec.".
	Path string
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
func (s *Server) judged() bool {
	if s.Plaintext() {
		return s.Section() != ""
	}
	return s.TLS != ""
}

// ListenerKey is the key of a port on the pods of a selector.
func ListenerKey(selector string, port uint32) Key {
	return Key{SubjectListener, selector + "|" + strconv.FormatUint(uint64(port), 10)}
}

// serverNameKey is the key of a host that clients name to a listener before it
// answers, whatever the namespaces that it is for.
func serverNameKey(listener Key, host string) Key {
	return Key{SubjectServerName, listener.Name + "|" + host}
}

// keys are the listener of a server, and the names by which istiod tells it apart there
// from others with TLS settings, be they for a redirect alone.
func (p place) keys() (listener Key, names []Key) {
	listener = ListenerKey(p.gateway.Selector, p.server.Port)
	if p.server.TLS == "" {
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

// anyName is the host of a server for clients that name any, or none.
const anyName = "*"

// PortConflicts returns the servers that find their port taken by another
// protocol, by the name of the listener's key, and those without names on a port that
// is open to any name already.
func (v *View) PortConflicts(listener string) []*ServerConflict {
	var conflicts []*ServerConflict
	for _, p := range v.contested(listener).all {
		c := v.dropped(p)
		if c == nil {
			c = v.unnamed(p)
		}
		if c != nil && (c.Why == ServerPortTaken || c.Why == ServerSNITaken) {
			conflicts = append(conflicts, c)
		}
	}
	return v.idling(conflicts)
}

// NameConflicts returns the servers that find a host taken on their port, by the
// name of the host's key there.
func (v *View) NameConflicts(name string) []*ServerConflict {
	var conflicts []*ServerConflict
	for _, p := range v.answering(name) {
		if c := v.dropped(p); c != nil && c.Why != ServerPortTaken {
			conflicts = append(conflicts, c)
		}
	}
	return v.idling(append(conflicts, v.refused(name)...))
}

// idling finds out which of the servers in conflicts nobody misses.
func (v *View) idling(conflicts []*ServerConflict) []*ServerConflict {
	for _, c := range conflicts {
		c.Idle = v.redirected(place{c.Gateway, c.Server})
	}
	return conflicts
}

// contest are the servers of a listener in istiod's order, and those of them without
// encryption.
type contest struct{ all, plaintext []place }

// contested returns the servers of a listener where they cannot all share it; none
// where they can, however many they are.
func (v *View) contested(listener string) contest {
	c, known := v.contests[listener]
	if !known {
		c.all = v.contesting(listener)
		c.plaintext = dropped(c.all, func(p place) bool { return p.server.encrypted() })
		remember(&v.contests, listener, c)
	}
	return c
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

// answering returns the servers with TLS settings that have a host on a port, in istiod's order.
func (v *View) answering(name string) []place {
	places, known := v.answers[name]
	if known {
		return places
	}
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
	remember(&v.answers, name, places)
	return places
}

// dropped returns why istiod drops a server for an earlier one, or nil. It asks for the
// hosts first: a server without its port has taken them all the same.
func (v *View) dropped(p place) *ServerConflict {
	if !p.server.judged() {
		return nil
	}
	if c, known := v.drops[p]; known {
		return c
	}
	c := v.hostTaken(p)
	if c == nil {
		c = v.portTaken(p)
	}
	if c == nil {
		c = v.nameTaken(p)
	}
	remember(&v.drops, p, c)
	return c
}

// Closed reports whether a server of a Gateway certainly serves nothing, because istiod
// drops it for an earlier one.
func (v *View) Closed(gateway *Gateway, server *Server) bool {
	c := v.dropped(place{gateway, server})
	if c == nil {
		return false
	}
	_, known := c.First.By.Older(gateway.By)
	return known || c.First == gateway
}

// portTaken compares a server with the first on its port that is plaintext: if that is
// not HTTP it can be shared with nothing, and if it is with plaintext HTTP alone.
func (v *View) portTaken(p place) *ServerConflict {
	listener, _ := p.keys()
	for _, first := range v.contested(listener.Name).plaintext {
		if !first.before(p) {
			return nil
		}
		if !v.meet(first, p) || !v.takesHosts(first) {
			continue
		}
		shared := first.server.class() == sharedPlaintext && p.server.class() == sharedPlaintext
		if shared || first.server.Bind != p.server.Bind {
			return nil
		}
		return conflictOf(p, first, ServerPortTaken, "")
	}
	return nil
}

// hostTaken finds an earlier server that has one of the hosts for the same namespaces.
func (v *View) hostTaken(p place) *ServerConflict {
	if p.server.TLS == "" {
		return nil
	}
	var found *ServerConflict
	for _, entry := range p.server.Hosts {
		earlier, ok := v.earlier(p, entry.Host, func(o place, has ServerHost) bool {
			return has.Namespace == entry.Namespace && v.takesHosts(o)
		})
		host := strings.TrimPrefix(entry.Namespace+"/"+entry.Host, "*/")
		if ok && (found == nil || host < found.Host) {
			found = conflictOf(p, earlier, ServerHostTaken, host)
		}
	}
	return found
}

// takesHosts reports whether istiod counts the hosts of a server as taken.
func (v *View) takesHosts(p place) bool {
	c := v.dropped(p)
	return c == nil || c.Why != ServerHostTaken
}

// redirected reports whether all that a server sends to HTTPS is sent there by others
// that istiod keeps.
func (v *View) redirected(p place) bool {
	listener, _ := p.keys()
	return p.server.Redirects && !slices.ContainsFunc(p.server.Hosts, func(entry ServerHost) bool {
		return !slices.ContainsFunc(v.answering(serverNameKey(listener, entry.Host).Name), func(o place) bool {
			return o != p && o.server.http() && o.server.Redirects && o.server.Bind == p.server.Bind && v.meet(o, p) && v.dropped(o) == nil
		})
	})
}

// nameTaken finds an earlier HTTPS server of the same Gateway whose routes go by the same
// name: that of the port.
func (v *View) nameTaken(p place) *ServerConflict {
	if !p.server.terminates() {
		return nil
	}
	for _, other := range p.gateway.Servers[:p.server.Index] {
		o := place{p.gateway, other}
		same := other.Port == p.server.Port && other.PortName == p.server.PortName && other.Bind == p.server.Bind
		if same && other.terminates() && v.dropped(o) == nil {
			return conflictOf(p, o, ServerNameTaken, "")
		}
	}
	return nil
}

// earlier returns the first server before another, on the same port and address, with
// TLS settings and a host that fits.
func (v *View) earlier(p place, host string, fits func(place, ServerHost) bool) (place, bool) {
	listener, _ := p.keys()
	for _, o := range v.answering(serverNameKey(listener, host).Name) {
		if !o.before(p) {
			break
		}
		has := func(e ServerHost) bool { return e.Host == host && fits(o, e) }
		if o.server.Bind == p.server.Bind && v.meet(o, p) && slices.ContainsFunc(o.server.Hosts, has) {
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

// terminates reports whether the server ends TLS for HTTP.
func (s *Server) terminates() bool { return s.encrypted() && s.Section() == SectionHTTP }

// http reports whether the server speaks plaintext HTTP, which servers can share.
func (s *Server) http() bool { return s.Plaintext() && s.Section() == SectionHTTP }
