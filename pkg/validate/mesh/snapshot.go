package mesh

import (
	"iter"
	"slices"
)

// Snapshot is the stored configuration at one moment, indexed by all that an
// object can be found by. It is a value: Apply makes a new one, which shares with
// the old what did not change, so readers need no lock and a what-if costs as
// much as the change is big.
type Snapshot struct {
	cfg *Config
	// held is each object by Ref, with what it says.
	held tree[held]
	// exact has an entry for each host that is named in full, by hostKey.
	exact tree[entry]
	// wildcards has an entry for each wildcard, by wildcardKey: a prefix of the
	// keys of the hosts that it covers.
	wildcards tree[entry]
	// declared has the entries of exact that hold a declaration.
	declared tree[entry]
	// links has each object under each of its links.
	links tree[held]
}

// held is an object with what it says in the mesh of the snapshot.
type held struct {
	*facts

	object *Object
}

// Empty is the snapshot of a mesh with nothing in it.
func Empty(cfg Config) *Snapshot {
	return &Snapshot{cfg: &cfg}
}

// Config returns the settings of the mesh. They must not be changed.
func (s *Snapshot) Config() *Config { return s.cfg }

// Len is the number of objects.
func (s *Snapshot) Len() int { return s.held.size }

// Get returns the state of an object, or nil where the snapshot does not hold it.
func (s *Snapshot) Get(ref Ref) *Object {
	var space keySpace
	if h := s.held.get(ref.appendKey(space[:0])); h != nil {
		return h.object
	}
	return nil
}

// NamespaceLabels returns the labels of a namespace; none where the snapshot does
// not hold it. They must not be changed.
func (s *Snapshot) NamespaceLabels(name string) map[string]string {
	if object := s.Get(Ref{Kind: KindNamespace, Name: name}); object != nil {
		return object.namespaceLabels()
	}
	return nil
}

// Objects are the objects of a kind in a namespace, or in all of them where it
// is empty, in order. Only what replaces them all may walk them.
func (s *Snapshot) Objects(kind Kind, namespace string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for h := range s.stored(kind, namespace) {
			if !yield(h.object) {
				return
			}
		}
	}
}

func (s *Snapshot) stored(kind Kind, namespace string) iter.Seq[*held] {
	prefix := string(kind) + "/"
	if namespace != "" {
		prefix += namespace + "/"
	}
	return s.held.under([]byte(prefix))
}

// linked are the objects that are found from a name by a relation, in order.
func (s *Snapshot) linked(relation relation, from string) iter.Seq[*held] {
	return func(yield func(*held) bool) {
		var space keySpace
		if n, _ := s.links.top(link{relation, from}.appendKey(space[:0])); n != nil {
			n.walk(yield)
		}
	}
}

// Apply returns the snapshot with some changes made. Of a change only New and
// the Ref count: what the snapshot holds under that Ref is what is replaced, so
// applying a change twice is applying it once.
func (s *Snapshot) Apply(changes ...Change) *Snapshot {
	t := transaction{Snapshot: *s, by: &edit{}}
	for _, change := range changes {
		if change.New != nil {
			t.put(change.New)
		} else {
			t.remove(change.Ref())
		}
		if ref := change.Ref(); ref.Kind == KindNamespace && len(s.cfg.DiscoverySelectors) > 0 {
			t.rediscover(ref.Name)
		}
	}
	return &t.Snapshot
}

// transaction is a snapshot in the making, which nobody else sees.
type transaction struct {
	Snapshot

	by *edit
}

func (t *transaction) remove(ref Ref) {
	was := t.held.drop(t.by, refKey(ref))
	if was != nil {
		t.forget(was, nil)
	}
}

// forget drops what an object says, but for the links that are put in its place anew.
func (t *transaction) forget(was *held, anew []link) {
	ref := was.object.Ref
	for host, says := range was.hosts() {
		t.change(host, func(e *entry) *entry { return e.without(ref, says) })
	}
	for _, l := range was.links {
		if !slices.Contains(anew, l) {
			t.links.drop(t.by, append(l.key(), refKey(ref)...))
		}
	}
}

// put takes an object in, in the place of what is held under its Ref.
func (t *transaction) put(object *Object) {
	was := t.held.get(refKey(object.Ref))
	now := &held{object: object, facts: &facts{}}
	if t.discovers(object.Namespace) {
		now.facts = said(object, t.cfg)
	}
	if was != nil {
		t.forget(was, now.links)
	}
	for host, says := range now.hosts() {
		t.change(host, func(e *entry) *entry { return e.with(says) })
	}
	for _, l := range now.links {
		t.links.set(t.by, append(l.key(), refKey(object.Ref)...), now)
	}
	t.held.set(t.by, refKey(object.Ref), now)
}

// discovers reports whether istiod looks at a namespace [7.5]. One of which
// nothing is known, as among a few files, is taken to be looked at.
func (t *transaction) discovers(name string) bool {
	if len(t.cfg.DiscoverySelectors) == 0 || name == "" {
		return true
	}
	h := t.held.get(refKey(Ref{Kind: KindNamespace, Name: name}))
	return h == nil || t.cfg.discovers(h.object.namespaceLabels())
}

// rediscover takes the objects of a namespace in again, after what is known of
// the namespace changed.
func (t *transaction) rediscover(namespace string) {
	var objects []*Object
	for _, kind := range Kinds() {
		for h := range t.stored(kind, namespace) {
			objects = append(objects, h.object)
		}
	}
	for _, object := range objects {
		t.put(object)
	}
}

// change replaces the entry of a host. A wildcard has one in both indexes: as a
// name of its own, and for the hosts that it covers.
func (t *transaction) change(host string, with func(*entry) *entry) {
	key := hostKey(host)
	was, now := t.replace(&t.exact, key, with)
	if len(now.declarations) > 0 {
		t.declared.set(t.by, key, now)
	} else if len(was.declarations) > 0 {
		t.declared.drop(t.by, key)
	}
	if IsWildcard(host) {
		t.replace(&t.wildcards, wildcardKey(host), with)
	}
}

func (t *transaction) replace(index *tree[entry], key []byte, with func(*entry) *entry) (was, now *entry) {
	if was = index.get(key); was == nil {
		was = &entry{}
	}
	if now = with(was); now.isEmpty() {
		index.drop(t.by, key)
	} else {
		index.set(t.by, key, now)
	}
	return was, now
}

// keySpace is where a key is put together that is only looked up: most fit in, and what
// does not is as good.
type keySpace [128]byte

func refKey(ref Ref) []byte { return ref.appendKey(nil) }

func (r Ref) appendKey(to []byte) []byte {
	to = slices.Grow(to, len(r.Kind)+len(r.Namespace)+len(r.Name)+2)
	to = append(append(to, r.Kind...), '/')
	to = append(append(to, r.Namespace...), '/')
	return append(to, r.Name...)
}
