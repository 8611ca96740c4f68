package feed

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// store is where the watch of one kind puts what it reads: the snapshot.
type store struct {
	kind   mesh.Kind
	feed   *Feed
	synced atomic.Bool
}

// Add puts a new object into the snapshot.
func (s *store) Add(obj any) error { return s.Update(obj) }

// Update replaces an object of the snapshot.
func (s *store) Update(obj any) error {
	if object := s.feed.read(s.kind, obj); object != nil {
		s.feed.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{New: object}} })
	}
	return nil
}

// Delete takes an object out of the snapshot.
func (s *store) Delete(obj any) error {
	gone, ok := obj.(metav1.Object)
	if !ok {
		return fmt.Errorf("the watch of %s brought a %T", s.kind, obj)
	}
	ref := mesh.Ref{Kind: s.kind, Namespace: gone.GetNamespace(), Name: gone.GetName()}
	s.feed.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{Old: &mesh.Object{Ref: ref}}} })
	return nil
}

// Replace makes the snapshot hold exactly these objects of the kind, at once.
func (s *store) Replace(list []any, _ string) error {
	listed := make(map[mesh.Ref]*mesh.Object, len(list))
	for _, obj := range list {
		if object := s.feed.read(s.kind, obj); object != nil {
			listed[object.Ref] = object
		}
	}
	s.feed.apply(func(now *mesh.Snapshot) []mesh.Change { return replacing(now.Objects(s.kind, ""), listed) })
	s.synced.Store(true)
	return nil
}

// Resync does nothing: the snapshot has no second copy to get out of step with.
func (s *store) Resync() error { return nil }

// read returns nil for an object that we cannot read: the schema of a newer Istio
// may allow what ours does not know. It is logged by name and left out, so that
// it does not keep the others from being read.
func (f *Feed) read(kind mesh.Kind, obj any) *mesh.Object {
	from, ok := obj.(*unstructured.Unstructured)
	if !ok {
		f.log.Error("an object of the wrong type was skipped", "kind", kind, "type", fmt.Sprintf("%T", obj))
		return nil
	}
	raw, err := from.MarshalJSON()
	if err == nil {
		var object *mesh.Object
		if object, err = mesh.Decode(kind, raw); err == nil {
			return object
		}
	}
	f.log.Error("an object was skipped", "kind", kind, "namespace", from.GetNamespace(), "name", from.GetName(), "error", err)
	return nil
}

// replacing returns the changes that leave of the held objects only those listed,
// and put these in as they are listed.
func replacing(held iter.Seq[*mesh.Object], listed map[mesh.Ref]*mesh.Object) []mesh.Change {
	changes := make([]mesh.Change, 0, len(listed))
	for object := range held {
		if listed[object.Ref] == nil {
			changes = append(changes, mesh.Change{Old: object})
		}
	}
	for _, object := range listed {
		changes = append(changes, mesh.Change{New: object})
	}
	return changes
}

// terminating is the set of namespaces that are being deleted, and the labels of
// all namespaces.
type terminating struct {
	lock   sync.RWMutex
	names  map[string]bool
	labels map[string]map[string]string
	synced atomic.Bool
}

func (t *terminating) has(namespace string) bool {
	t.lock.RLock()
	defer t.lock.RUnlock()
	return t.names[namespace]
}

func (t *terminating) labelsOf(namespace string) map[string]string {
	t.lock.RLock()
	defer t.lock.RUnlock()
	return t.labels[namespace]
}

// Add notes whether a namespace is being deleted.
func (t *terminating) Add(obj any) error { return t.Update(obj) }

// Update notes whether a namespace is being deleted, and its labels.
func (t *terminating) Update(obj any) error {
	namespace, ok := obj.(metav1.Object)
	if !ok {
		return fmt.Errorf("the watch of namespaces brought a %T", obj)
	}
	t.note(namespace.GetName(), namespace.GetDeletionTimestamp() != nil)
	t.lock.Lock()
	defer t.lock.Unlock()
	t.labels[namespace.GetName()] = namespace.GetLabels()
	return nil
}

// Delete forgets a namespace.
func (t *terminating) Delete(obj any) error {
	namespace, ok := obj.(metav1.Object)
	if !ok {
		return fmt.Errorf("the watch of namespaces brought a %T", obj)
	}
	t.note(namespace.GetName(), false)
	t.lock.Lock()
	defer t.lock.Unlock()
	delete(t.labels, namespace.GetName())
	return nil
}

func (t *terminating) note(name string, leaving bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if leaving {
		t.names[name] = true
	} else {
		delete(t.names, name)
	}
}

// Replace starts anew with these namespaces.
func (t *terminating) Replace(list []any, _ string) error {
	names, labels := map[string]bool{}, map[string]map[string]string{}
	for _, obj := range list {
		namespace, ok := obj.(metav1.Object)
		if !ok {
			continue
		}
		labels[namespace.GetName()] = namespace.GetLabels()
		if namespace.GetDeletionTimestamp() != nil {
			names[namespace.GetName()] = true
		}
	}
	t.lock.Lock()
	t.names, t.labels = names, labels
	t.lock.Unlock()
	t.synced.Store(true)
	return nil
}

// Resync does nothing.
func (t *terminating) Resync() error { return nil }
