package mesh

import (
	"iter"
	"slices"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// Subject is what a key, and so a rule, is about.
type Subject string

// SubjectHost is one host of the mesh, by its full name.
const SubjectHost Subject = "host"

// Key is one thing that can be judged by itself: what is said at its key is all
// that decides about it.
type Key struct {
	Subject Subject
	Name    string
}

// Snapshot is the stored configuration at one moment, indexed by host. It is a
// value: Apply makes a new one, which shares with the old what did not change,
// so readers need no lock and a what-if costs as much as the change is big.
type Snapshot struct {
	cfg *Config
	// held is each object by Ref, with what Apply needs to take it out again.
	held *iradix.Tree[*held]
	// exact has an entry for each host that is named in full, by hostKey.
	exact *iradix.Tree[*entry]
	// wildcards has an entry for each wildcard, by wildcardKey: a prefix of the
	// keys of the hosts that it covers.
	wildcards *iradix.Tree[*entry]
}

type held struct {
	object *Object
	hosts  []string // that it says anything of
}

// Empty is the snapshot of a mesh with nothing in it.
func Empty(cfg Config) *Snapshot {
	return &Snapshot{cfg: &cfg, held: iradix.New[*held](), exact: iradix.New[*entry](), wildcards: iradix.New[*entry]()}
}

// Len is the number of objects.
func (s *Snapshot) Len() int { return s.held.Len() }

// Get returns the state of an object, or nil where the snapshot does not hold it.
func (s *Snapshot) Get(ref Ref) *Object {
	if h, ok := s.held.Get(refKey(ref)); ok {
		return h.object
	}
	return nil
}

// Objects are the objects of a kind in a namespace, or in all of them where it
// is empty, in order. Only what replaces them all may walk them.
func (s *Snapshot) Objects(kind Kind, namespace string) iter.Seq[*Object] {
	prefix := string(kind) + "/"
	if namespace != "" {
		prefix += namespace + "/"
	}
	return func(yield func(*Object) bool) {
		s.held.Root().WalkPrefix([]byte(prefix), func(_ []byte, h *held) bool {
			return !yield(h.object)
		})
	}
}

// Apply returns the snapshot with some changes made. Of a change only New and
// the Ref count: what the snapshot holds under that Ref is what is replaced, so
// applying a change twice is applying it once.
func (s *Snapshot) Apply(changes ...Change) *Snapshot {
	txn := transaction{cfg: s.cfg, held: s.held.Txn(), exact: s.exact.Txn(), wildcards: s.wildcards.Txn()}
	for _, change := range changes {
		txn.remove(change.Ref())
		if change.New != nil {
			txn.add(change.New)
		}
	}
	return &Snapshot{cfg: s.cfg, held: txn.held.Commit(), exact: txn.exact.Commit(), wildcards: txn.wildcards.Commit()}
}

// Keys are all keys of a subject, in order. Only what judges a whole mesh may
// walk them.
func (s *Snapshot) Keys(subject Subject) iter.Seq[Key] {
	return func(yield func(Key) bool) {
		if subject != SubjectHost {
			return
		}
		s.exact.Root().Walk(func(key []byte, _ *entry) bool {
			return !yield(Key{Subject: SubjectHost, Name: unkey(key)})
		})
	}
}

// Touched are the keys about which one of the states of an object can change
// the answer, in order and once each: the cost of judging a change.
func (s *Snapshot) Touched(states ...*Object) []Key {
	var hosts []string
	for _, state := range states {
		if state == nil {
			continue
		}
		for host, says := range said(state, s.cfg) {
			hosts = append(hosts, host)
			if len(says.rules) > 0 && IsWildcard(host) {
				hosts = s.covered(hosts, host)
			}
		}
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	keys := make([]Key, 0, len(hosts))
	for _, host := range hosts {
		keys = append(keys, Key{Subject: SubjectHost, Name: host})
	}
	return keys
}

// covered appends the hosts in use that a wildcard covers.
func (s *Snapshot) covered(hosts []string, wildcard string) []string {
	s.exact.Root().WalkPrefix(wildcardKey(wildcard), func(key []byte, _ *entry) bool {
		hosts = append(hosts, unkey(key))
		return false
	})
	return hosts
}

type transaction struct {
	cfg              *Config
	held             *iradix.Txn[*held]
	exact, wildcards *iradix.Txn[*entry]
}

func (t *transaction) remove(ref Ref) {
	was, ok := t.held.Delete(refKey(ref))
	if !ok {
		return
	}
	for _, host := range was.hosts {
		t.change(host, func(e *entry) *entry { return e.without(ref) })
	}
}

func (t *transaction) add(object *Object) {
	now := &held{object: object}
	for host, says := range said(object, t.cfg) {
		now.hosts = append(now.hosts, host)
		t.change(host, func(e *entry) *entry { return e.with(says) })
	}
	t.held.Insert(refKey(object.Ref), now)
}

// change replaces the entry of a host. A wildcard has one in both indexes: as a
// name of its own, and for the hosts that it covers.
func (t *transaction) change(host string, with func(*entry) *entry) {
	replace(t.exact, hostKey(host), with)
	if IsWildcard(host) {
		replace(t.wildcards, wildcardKey(host), with)
	}
}

func replace(tree *iradix.Txn[*entry], key []byte, with func(*entry) *entry) {
	old, ok := tree.Get(key)
	if !ok {
		old = &entry{}
	}
	if next := with(old); next.isEmpty() {
		tree.Delete(key)
	} else {
		tree.Insert(key, next)
	}
}

func refKey(ref Ref) []byte {
	return []byte(string(ref.Kind) + "/" + ref.Namespace + "/" + ref.Name)
}
