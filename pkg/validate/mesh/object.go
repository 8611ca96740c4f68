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
	"reflect"
	"strings"
	"time"
)

// Kind is the kind of an object that takes part in routing.
type Kind string

// The kinds that a snapshot is built from.
const (
	KindDestinationRule Kind = "DestinationRule"
	KindGateway         Kind = "Gateway" // of Istio, not of the Gateway API
	KindHTTPRoute       Kind = "HTTPRoute"
	KindIngress         Kind = "Ingress"
	KindNamespace       Kind = "Namespace"
	KindService         Kind = "Service"
	KindServiceEntry    Kind = "ServiceEntry"
	KindSidecar         Kind = "Sidecar"
	KindVirtualService  Kind = "VirtualService"
)

// Ref names an object. Two objects with the same Ref are the same object.
type Ref struct {
	Kind            Kind
	Namespace, Name string
}

// String returns the reference as people write it: "VirtualService default/reviews".
func (r Ref) String() string {
	return string(r.Kind) + " " + r.Key()
}

// Key is the "namespace/name" of the object, as other objects refer to it.
func (r Ref) Key() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

// refOf is the Ref of an object of a kind by its Key.
func refOf(kind Kind, key string) Ref {
	namespace, name, _ := strings.Cut(key, "/")
	return Ref{Kind: kind, Namespace: namespace, Name: name}
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
	// Override is the annotation by which the object asks to be let off rules. It
	// says nothing about traffic.
	Override string

	// revision is the istio.io/rev label: the istiod that the object is for [7.5].
	revision string
	said     assertions
}

// assertions is what an object says about the mesh, before any of the mesh's
// own settings are applied. Each kind has one, in the file named after it: a
// value of plain fields, so that two states of an object can be compared.
type assertions interface {
	// assert adds what the object says to what is known.
	assert(by *Object, cfg *Config, to *facts)
}

// Same reports whether two states of an object say the same about the mesh, so
// that a change from one to the other is no change of traffic. Either may be nil.
func Same(a, b *Object) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Ref == b.Ref && a.revision == b.revision && reflect.DeepEqual(a.said, b.said)
}

// OverrideAnnotation is the annotation that Override holds.
const OverrideAnnotation = "meshward.io/allow"

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

// compareAge orders objects as istiod does [2.4]: by age in seconds, then name, then
// namespace. An object of unknown age is about to be created, so it comes last.
func compareAge(a, b *Object) int {
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

// Older reports whether an object precedes another in istiod's eyes, and whether
// stored configuration tells: without their ages only files of unknown order are left.
func (o *Object) Older(than *Object) (older, known bool) {
	return compareAge(o, than) < 0, !o.Created.IsZero() || !than.Created.IsZero()
}
