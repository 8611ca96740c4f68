package mesh

import (
	"iter"
	"slices"
)

// facts are what one object says in a mesh: of hosts, and of other objects.
type facts struct {
	// said is what it says of each host; most objects speak of one or two.
	said []ofHost
	// links are what else it can be found by.
	links []link
	// At most one of these is what the object is.
	route   *VirtualService
	gateway *Gateway
	sidecar *Sidecar
	api     *APIRoute
	// selects are the labels of the pods of a Service.
	selects map[string]string
}

// relation is how an object is found from what it names.
type relation string

// The relations, each with what it leads from and to.
const (
	routesTo    relation = "routes-to"    // host → VirtualServices with a destination of that host
	claims      relation = "claims"       // host → VirtualServices with that host
	streams     relation = "streams"      // host → VirtualServices with TLS or TCP routes for it on the mesh
	passes      relation = "passes"       // SNI → VirtualServices with a TLS match for it
	forwards    relation = "forwards"     // Gateway → VirtualServices bound to it with TCP routes
	delegatesTo relation = "delegates-to" // VirtualService → VirtualServices that delegate to it
	boundTo     relation = "bound-to"     // Gateway → VirtualServices bound to it
	misnames    relation = "misnames"     // Gateway → VirtualServices that name one of that name elsewhere
	opens       relation = "opens"        // selector and host → Gateways with a server for just that host
	fills       relation = "fills"        // Gateway and wildcard → VirtualServices bound to it that have that host
	takesUp     relation = "takes-up"     // port of pods, and how it is shared → Gateways with such a server
	answersTo   relation = "answers-to"   // host on a port of pods → Gateways with a TLS server for it
	picks       relation = "picks"        // label of pods → Gateways that ask for it
	selects     relation = "selects"      // label of pods → Services that ask for it
	standsFor   relation = "stands-for"   // host → Services that are an alias of it
	concerns    relation = "concerns"     // namespace → objects that name it
	attaches    relation = "attaches"     // host → HTTPRoutes and Ingresses with that host
)

// link is one thing that an object can be found by.
type link struct {
	relation relation
	from     string
}

// key is what the links of a relation from one name start with in the index.
func (l link) key() []byte { return l.appendKey(nil) }

func (l link) appendKey(to []byte) []byte {
	to = slices.Grow(to, len(l.relation)+len(l.from)+2)
	to = append(append(to, l.relation...), 0)
	return append(append(to, l.from...), 0)
}

func (f *facts) link(relation relation, from ...string) {
	for _, name := range from {
		l := link{relation, name}
		if !slices.Contains(f.links, l) {
			f.links = append(f.links, l)
		}
	}
}

func (f *facts) declare(d *Declaration) {
	e := f.of(d.Host)
	e.declarations = append(e.declarations, d)
	f.link(concerns, d.Visible.Named()...)
}

func (f *facts) rule(r *DestinationRule) {
	e := f.of(r.Host)
	e.rules = append(e.rules, r)
	for _, name := range r.exportTo {
		if name != "*" && name != "." && name != "~" {
			f.link(concerns, name)
		}
	}
}

// ofHost is what one object says of one host.
type ofHost struct {
	host string
	entry
}

// of returns where to put what the object says of a host. It is valid until the
// next call.
func (f *facts) of(host string) *entry {
	for i := range f.said {
		if f.said[i].host == host {
			return &f.said[i].entry
		}
	}
	f.said = append(f.said, ofHost{host: host})
	return &f.said[len(f.said)-1].entry
}

// hosts are the hosts that the object speaks of, each with what it says.
func (f *facts) hosts() iter.Seq2[string, *entry] {
	return func(yield func(string, *entry) bool) {
		for i := range f.said {
			if !yield(f.said[i].host, &f.said[i].entry) {
				return
			}
		}
	}
}

// said returns what an object says in a mesh with these settings: nothing, where
// istiod takes it for another's.
func said(object *Object, cfg *Config) *facts {
	f := &facts{}
	if cfg.reads(object) {
		object.said.assert(object, cfg, f)
	}
	return f
}

// entry is what the registry and the DestinationRules say of one host, or of one
// wildcard, in the order in which istiod would take it. An entry is never
// changed, only replaced.
type entry struct {
	declarations []*Declaration
	rules        []*DestinationRule
	// mentions is how many VirtualServices name the host.
	mentions int
}

func (e *entry) isEmpty() bool {
	return len(e.declarations) == 0 && len(e.rules) == 0 && e.mentions == 0
}

// without returns a copy of the entry that holds nothing of one object, which
// had said some of it.
func (e *entry) without(by Ref, said *entry) *entry {
	return &entry{
		declarations: dropped(e.declarations, func(d *Declaration) bool { return d.By.Ref == by }),
		rules:        dropped(e.rules, func(r *DestinationRule) bool { return r.By.Ref == by }),
		mentions:     e.mentions - said.mentions,
	}
}

// dropped returns the list without some of its elements, and the list itself
// where it has none of them.
func dropped[T any](list []T, drop func(T) bool) []T {
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// with returns a copy of the entry that holds what one more object says.
func (e *entry) with(more *entry) *entry {
	return &entry{
		declarations: spliced(e.declarations, more.declarations, func(a, b *Declaration) int { return compareAge(a.By, b.By) }),
		rules:        spliced(e.rules, more.rules, (*DestinationRule).precedes),
		mentions:     e.mentions + more.mentions,
	}
}

// spliced returns a copy of a sorted list with the elements of one more object,
// which stay together in their order: compare looks at objects only.
func spliced[T any](list, more []T, compare func(a, b T) int) []T {
	if len(more) == 0 {
		return list
	}
	at, _ := slices.BinarySearchFunc(list, more[0], func(a, b T) int {
		if compare(a, b) <= 0 {
			return -1
		}
		return 1
	})
	return slices.Concat(list[:at], more, list[at:])
}
