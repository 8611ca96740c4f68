package judge

import (
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/world"
)

// A port is unknown where the destination names it, or where the host stands for another
// and has none at all; it is ambiguous where istiod infers it [1.9, 6.1].
var unknownPort = &Judge{
	Rule:  rules.UnknownPort,
	Place: atRoute,
	Facts: func(c *Case) []Fact {
		return c.ports(func(l *Lost) bool { return l.To.GetPort() != nil || l.portless() })
	},
}

var ambiguousPort = &Judge{
	Rule:  rules.AmbiguousPort,
	Place: atRoute,
	Facts: func(c *Case) []Fact {
		return c.ports(func(l *Lost) bool { return l.To.GetPort() == nil && !l.portless() })
	},
}

// ports are the facts about ports that there are not. Where a route is called decides
// what istiod infers, and whether it looks through an ExternalName; and nobody knows
// that of a host that is no Service. What stands for another such host is for
// unknown-host to tell. A Service that hides itself from its own namespace is given to
// nobody there who names a port that it lacks, so that not even its host is known [2.2, 2.8]; and
// so is one that no Sidecar imports.
func (c *Case) ports(tells func(*Lost) bool) []Fact {
	facts := c.facts(func(l *Lost) bool {
		return l.NoPort && !l.Mirror && tells(l) && !c.doubtful(l) && !c.alias(c.aliasOf(l.To.GetHost()))
	})
	for _, lost := range c.lost() {
		if !lost.Mirror && tells(&lost) && c.doubtful(&lost) {
			facts = append(facts, Fact{At: lost.At, Place: lost.Place, Proxy: lost.Proxy, Unsettled: true})
		}
	}
	return facts
}

// doubtful reports whether a rule may tell of a port or not.
func (c *Case) doubtful(l *Lost) bool {
	return l.NoPort && (c.byCall(l) || c.astray(l) || c.passedBy(l)) || c.unseen(l)
}

// passedBy reports whether a cluster is asked for by the name of an ExternalName where a
// Sidecar may import it for the sake of the route alone: then nothing looks through it [1.9].
func (c *Case) passedBy(l *Lost) bool {
	return !l.Proxy.Gateway && c.sidecared(l.Proxy) && c.alias(l.Host) && !l.portless()
}

// byCall reports whether the port on which a route is called makes the difference, and is
// not known.
func (c *Case) byCall(l *Lost) bool {
	return l.Assumed && (l.To.GetPort() == nil && !l.portless() || c.alias(l.To.GetHost()) && !l.portless())
}

// unseen reports whether the proxy is not given a host, though its namespace declares it and
// hides it, or no more than a Sidecar keeps it away.
func (c *Case) unseen(l *Lost) bool {
	return l.NoHost && c.declaredBy(l.Host, func(o world.Object) bool {
		return o.GetNamespace() == l.Proxy.Namespace || sees(l.Proxy.Namespace, o)
	}) != nil
}

// astray reports whether the host is an ExternalName for what nothing declares.
func (c *Case) astray(l *Lost) bool {
	target := c.aliasOf(l.To.GetHost())
	return target != "" && !c.declared(target)
}

// portless reports whether the host is an ExternalName without ports.
func (l *Lost) portless() bool {
	ports, given := l.Proxy.Ports[l.Host]
	return given && len(ports) == 0
}
