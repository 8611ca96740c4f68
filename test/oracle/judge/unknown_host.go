package judge

import (
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// A host is unknown where no proxy has it. One finding is enough for one object.
var unknownHost = &Judge{
	Rule:  rules.UnknownHost,
	Place: func(f *rule.Finding) string { return f.About },
	Facts: func(c *Case) []Fact {
		var facts []Fact
		for _, lost := range c.lost() {
			if !lost.Mirror && !c.misspelt(lost.Host) && (!c.declared(lost.Host) || c.alias(c.aliasOf(lost.To.GetHost()))) {
				fact := Fact{At: lost.At, Place: lost.To.GetHost(), Proxy: lost.Proxy, Unsettled: lost.Redirected || lost.Borrowed || !lost.Proxy.Known}
				facts = append(facts, c.around(fact, fact.Place)...)
			} else if target := c.aliasOf(lost.To.GetHost()); target != "" && !c.declared(target) { // by way of its port as well
				facts = append(facts, Fact{At: lost.At, Place: lost.To.GetHost(), Proxy: lost.Proxy, Unsettled: true})
			}
		}
		for _, p := range c.Proxies {
			for _, sent := range c.sentBy(p) {
				target := c.aliasOf(sent.To.GetHost())
				nobody := !c.declared(sent.To.GetHost()) || target != "" && (!c.declared(target) || c.alias(target))
				if sent.Cluster == "" && nobody { // it may get weight yet
					facts = append(facts, Fact{At: sent.At, Place: sent.To.GetHost(), Proxy: p, Unsettled: true})
				}
			}
		}
		return facts
	},
}

// declared reports whether any object of the world declares a host.
func (c *Case) declared(host string) bool { return c.declarations(host) > 0 }

// misspelt reports whether a host is a declared one without its end, which is for
// partly-qualified-host to say.
func (c *Case) misspelt(host string) bool {
	_, ok := c.meant(host)
	return ok
}
