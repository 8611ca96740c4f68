// Package mesh holds the nouns of a mesh's traffic configuration (objects,
// hosts, routes, subsets, visibility) and the snapshot that indexes them.
//
// It knows how istiod resolves names, selects and merges configuration; the
// numbers in brackets such as [3.5] are sections of docs/semantics.md. It must
// not know rules or findings, admission, files, the API server, the clock or
// the environment.
package mesh

import (
	"cmp"
	"time"
)

// Kind is the kind of an object that takes part in routing.
type Kind string

// The kinds that a snapshot is built from.
const (
	KindDestinationRule Kind = "DestinationRule"
	KindService         Kind = "Service"
	KindServiceEntry    Kind = "ServiceEntry"
	KindVirtualService  Kind = "VirtualService"
)

// Ref names an object. Two objects with the same Ref are the same object.
type Ref struct {
	Kind            Kind
	Namespace, Name string
}

// String returns the reference as people write it: "VirtualService default/reviews".
func (r Ref) String() string {
	return string(r.Kind) + " " + r.Namespace + "/" + r.Name
}

// Compare orders references by kind, namespace and name.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Kind, o.Kind), cmp.Compare(r.Namespace, o.Namespace), cmp.Compare(r.Name, o.Name))
}

// Source is where an object was read from. It is zero for objects of a cluster.
type Source struct {
	File string
	Line int // of the document's first line, from 1
}

// Object is one stored object: who it is, how old it is and what it says.
// An Object is never changed once a snapshot holds it.
type Object struct {
	Ref
	APIVersion string
	Created    time.Time // zero when the age is not known: a file, or an object about to be created
	Source     Source
	// Deleting is true once a deletion was asked for. Until the object is gone it
	// counts as any other.
	Deleting bool

	said assertions
}

// assertions is what an object says about the mesh, before any of the mesh's
// own settings are applied. Each kind has one, in the file named after it.
type assertions interface {
	// assert adds what the object says to the hosts that it says it of.
	assert(by *Object, cfg *Config, to facts)
	// same reports whether o says exactly the same.
	same(o assertions) bool
}

// Same reports whether two states of an object say the same about the mesh, so
// that a change from one to the other is no change of traffic. Either may be nil.
func Same(a, b *Object) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Ref == b.Ref && a.said.same(b.said)
}

// Change is one change of the stored configuration: a creation has no Old, a
// deletion no New.
type Change struct {
	Old, New *Object
}

// Ref names the object that the change is about.
func (c Change) Ref() Ref {
	if c.New != nil {
		return c.New.Ref
	}
	return c.Old.Ref
}

// older orders objects as istiod does [2.4]: by age in seconds, then name, then
// namespace. An object of unknown age is about to be created, so it comes last.
func older(a, b *Object) int {
	if a.Created.IsZero() != b.Created.IsZero() {
		if b.Created.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Created.Unix(), b.Created.Unix()),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Kind, b.Kind),
	)
}
