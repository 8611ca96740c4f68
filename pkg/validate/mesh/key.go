package mesh

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Subject is what a key, and so a rule, is about.
type Subject string

// The subjects.
const (
	// SubjectHost is one host of the mesh, by its full name.
	SubjectHost Subject = "host"
	// SubjectVirtualService is one VirtualService, by its "namespace/name".
	SubjectVirtualService Subject = "VirtualService"
	// SubjectGateway is one Gateway, by its "namespace/name".
	SubjectGateway Subject = "Gateway"
	// SubjectListener is a port on the pods of all Gateways that have one selector, by
	// "selector|port".
	SubjectListener Subject = "listener"
	// SubjectServerName is a host that clients name to such a port before it answers,
	// by "selector|port|host".
	SubjectServerName Subject = "server name"
	// SubjectVirtualHost is one host as the pods of a workload serve it, by
	// "selector|host": where VirtualServices on gateways are merged [4.7].
	SubjectVirtualHost Subject = "virtual host"
)

// Key is one thing that can be judged by itself: what is said at its key is all
// that decides about it.
type Key struct {
	Subject Subject
	Name    string
}

// Compare orders keys by subject and name.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Subject, o.Subject), cmp.Compare(k.Name, o.Name))
}

// VirtualHostKey is the key of a host on the pods of a selector. How it is written
// makes no difference [4.7].
func VirtualHostKey(selector, host string) Key {
	return Key{SubjectVirtualHost, selector + "|" + strings.ToLower(host)}
}

// Keys are all keys that there are, in order. Only what judges a whole mesh may
// walk them.
func (s *Snapshot) Keys() []Key {
	var keys []Key
	for e := range s.everyHost() {
		keys = append(keys, Key{SubjectHost, e})
	}
	view := s.View()
	for h := range s.stored(KindVirtualService, "") {
		if h.route != nil {
			keys = append(keys, Key{SubjectVirtualService, h.route.Name()})
			keys = view.handedNames(view.virtualHosts(keys, h.route), h.route)
		}
	}
	for h := range s.stored(KindGateway, "") {
		if h.gateway != nil {
			keys = append(keys, Key{SubjectGateway, h.gateway.Name()})
			for _, server := range h.gateway.Servers {
				listener, names := place{h.gateway, server}.keys()
				keys = append(append(keys, listener), names...)
			}
		}
	}
	slices.SortFunc(keys, Key.Compare)
	return slices.Compact(keys)
}

func (s *Snapshot) everyHost() iter.Seq[string] {
	return func(yield func(string) bool) {
		for key := range s.exact.keysUnder(nil) {
			if !yield(unkey(key)) {
				return
			}
		}
	}
}
