package mesh

import (
	"slices"
)

// Touched are the keys about which the state of some objects decides, as the
// snapshot holds them, in order and once each: the cost of judging a change. For a
// change they are those before and those after it.
func (s *Snapshot) Touched(refs ...Ref) []Key { return s.View().Touched(refs...) }

// Touched is that of the snapshot, by what the view remembers.
func (v *View) Touched(refs ...Ref) []Key {
	t := touch{
		snapshot: v.snapshot,
		view:     v,
		keys:     map[Key]bool{},
		routes:   map[*VirtualService]bool{},
		gateways: map[*Gateway]bool{},
		left:     map[string]bool{},
		names:    map[Key]bool{},
	}
	objects := t.objects(refs)
	for _, h := range objects {
		for _, says := range h.hosts() {
			t.declared += min(len(says.declarations), 1)
		}
	}
	for _, h := range objects {
		t.object(h)
	}
	keys := make([]Key, 0, len(t.keys))
	for key := range t.keys {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}

// touch follows what an object says to all that rests on it.
type touch struct {
	snapshot *Snapshot
	view     *View
	keys     map[Key]bool
	routes   map[*VirtualService]bool // already followed
	gateways map[*Gateway]bool        // already followed
	left     map[string]bool          // wildcards already followed
	names    map[Key]bool             // server names already followed
	declared int                      // hosts that the objects themselves declare
}

// objects returns what there is of some objects. A Namespace stands for all that is in it,
// which may come into sight with it or go out of it, or change its tenant.
func (t *touch) objects(refs []Ref) []*held {
	var objects []*held
	for _, ref := range refs {
		switch {
		case ref.Kind != KindNamespace:
			if h := t.snapshot.held.get(refKey(ref)); h != nil {
				objects = append(objects, h)
			}
		case t.snapshot.cfg.judgesNamespaces():
			for _, kind := range Kinds() {
				objects = slices.AppendSeq(objects, t.snapshot.stored(kind, ref.Name))
			}
		}
	}
	return objects
}

func (t *touch) object(h *held) {
	for host, says := range h.hosts() {
		t.host(host, says)
	}
	switch {
	case h.route != nil:
		t.virtualService(h.route)
	case h.gateway != nil:
		t.gateway(h.gateway)
		t.servers(h.gateway)
	case h.sidecar != nil:
		t.sidecar(h.sidecar)
	case h.api != nil:
		t.api(h.api)
	case len(h.selects) > 0:
		for _, gateway := range t.snapshot.fronted(h.selects) {
			t.gateway(gateway)
		}
	}
}

// sidecar follows a Sidecar to what its namespace is told apart for. One that is
// the whole mesh's default touches the whole mesh.
func (t *touch) sidecar(s *Sidecar) {
	namespace := s.By.Namespace
	if namespace == t.snapshot.cfg.RootNamespace && len(s.Selects) == 0 {
		for _, key := range t.snapshot.Keys() {
			t.keys[key] = true
		}
		return
	}
	concerned := func(h *held) {
		for host, says := range h.hosts() {
			t.host(host, says)
		}
		if h.route != nil {
			t.virtualService(h.route)
		}
	}
	for _, kind := range []Kind{KindDestinationRule, KindHTTPRoute, KindService, KindServiceEntry, KindVirtualService} {
		for h := range t.snapshot.stored(kind, namespace) {
			concerned(h)
		}
	}
	for h := range t.snapshot.linked(concerns, namespace) {
		concerned(h)
	}
}

func (t *touch) api(r *APIRoute) {
	for _, host := range r.Hosts {
		for h := range t.snapshot.linked(claims, host) {
			t.route(h.route)
		}
	}
}
