// Package world is what both sides are shown: a small mesh as Kubernetes objects, and
// the proxies that may stand in it.
//
// It knows Kubernetes and Istio's kinds. It must not know istiod, nor meshward, nor
// how a world came about.
package world

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Root is the root namespace of every world.
const Root = "istio-system"

// Object is one Kubernetes object of a world: a Namespace, a Service, or one of
// Istio's networking kinds.
type Object interface {
	runtime.Object
	metav1.Object
}

// World is a mesh. Its objects are shared between worlds that are made of one another,
// so whoever changes one clones it first.
type World struct {
	Objects []Object
}

// Ref names an object: "VirtualService default/reviews".
type Ref struct {
	Kind, Namespace, Name string
}

// String is the reference as findings write it.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Compare orders references by kind, namespace and name.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Kind, o.Kind), cmp.Compare(r.Namespace, o.Namespace), cmp.Compare(r.Name, o.Name))
}

// RefOf names an object of a world.
func RefOf(o Object) Ref {
	return Ref{Kind: KindOf(o), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// KindOf is the kind of an object, such as "VirtualService".
func KindOf(o Object) string { return reflect.TypeOf(o).Elem().Name() }

// All returns the objects of one type, in the order of the world.
func All[T Object](w *World) []T {
	var all []T
	for _, o := range w.Objects {
		if typed, is := o.(T); is {
			all = append(all, typed)
		}
	}
	return all
}

// Has reports whether there is an object of a reference in the world.
func (w *World) Has(ref Ref) bool {
	return slices.ContainsFunc(w.Objects, func(o Object) bool { return RefOf(o) == ref })
}

// Without is the world without the objects of some references.
func (w *World) Without(refs ...Ref) *World {
	return &World{Objects: slices.DeleteFunc(slices.Clone(w.Objects), func(o Object) bool {
		return slices.Contains(refs, RefOf(o))
	})}
}

// With is the world with an object in the place of the one of that reference, or
// besides the others where there is none.
func (w *World) With(object Object) *World {
	objects := slices.Clone(w.Objects)
	at := slices.IndexFunc(objects, func(o Object) bool { return RefOf(o) == RefOf(object) })
	if at < 0 {
		return &World{Objects: append(objects, object)}
	}
	objects[at] = object
	return &World{Objects: objects}
}

// Clone is a copy of an object that may be changed.
func Clone[T Object](o T) T { return o.DeepCopyObject().(T) }

// groupVersions say in which API a kind of object is written.
var groupVersions = map[reflect.Type]schema.GroupVersion{
	reflect.TypeFor[*corev1.Namespace]():             corev1.SchemeGroupVersion,
	reflect.TypeFor[*corev1.Service]():               corev1.SchemeGroupVersion,
	reflect.TypeFor[*networkingv1.VirtualService]():  networkingv1.SchemeGroupVersion,
	reflect.TypeFor[*networkingv1.DestinationRule](): networkingv1.SchemeGroupVersion,
	reflect.TypeFor[*networkingv1.Gateway]():         networkingv1.SchemeGroupVersion,
	reflect.TypeFor[*networkingv1.ServiceEntry]():    networkingv1.SchemeGroupVersion,
	reflect.TypeFor[*networkingv1.Sidecar]():         networkingv1.SchemeGroupVersion,
}

// GroupVersionKind says in which API an object is written, and as what. It panics for a
// type that no world holds.
func GroupVersionKind(o Object) schema.GroupVersionKind {
	gv, known := groupVersions[reflect.TypeOf(o)]
	if !known {
		panic(fmt.Sprintf("no world holds a %T", o))
	}
	return gv.WithKind(KindOf(o))
}

// YAML is the world as a file that kubectl and meshward read, in the order of the
// objects.
func (w *World) YAML() ([]byte, error) {
	var out bytes.Buffer
	for i, o := range w.Objects {
		if i > 0 {
			out.WriteString("---\n")
		}
		raw, err := Manifest(o)
		if err != nil {
			return nil, err
		}
		out.Write(raw)
	}
	return out.Bytes(), nil
}

// Manifest is one object as YAML, without the status that nobody gave it.
func Manifest(o Object) ([]byte, error) {
	typed := Clone(o)
	typed.GetObjectKind().SetGroupVersionKind(GroupVersionKind(o))
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RefOf(o), err)
	}
	delete(fields, "status")
	raw, err := yaml.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RefOf(o), err)
	}
	return raw, nil
}
