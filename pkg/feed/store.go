package feed

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// store is where the watch of one kind puts what it reads: the snapshot.
type store struct {
	kind   kind
	feed   *Feed
	synced atomic.Bool
}

func (s *store) sync() { s.synced.Store(true) }

// Add puts a new object into the snapshot.
func (s *store) Add(obj any) error { return s.Update(obj) }

// Update replaces an object of the snapshot.
func (s *store) Update(obj any) error {
	object, err := s.object(obj)
	if err != nil {
		return err
	}
	s.feed.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{New: object}} })
	return nil
}

// Delete takes an object out of the snapshot.
func (s *store) Delete(obj any) error {
	object, err := s.object(obj)
	if err != nil {
		return err
	}
	s.feed.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{Old: object}} })
	return nil
}

// Replace makes the snapshot hold exactly these objects of the kind, at once.
func (s *store) Replace(list []any, _ string) error {
	listed := make(map[mesh.Ref]*mesh.Object, len(list))
	for _, obj := range list {
		object, err := s.object(obj)
		if err != nil {
			return err
		}
		listed[object.Ref] = object
	}
	s.feed.apply(func(now *mesh.Snapshot) []mesh.Change { return replacing(now.Objects(s.kind.name, ""), listed) })
	s.sync()
	return nil
}

// Resync does nothing: the snapshot has no second copy to get out of step with.
func (s *store) Resync() error { return nil }

func (s *store) object(obj any) (*mesh.Object, error) {
	typed, ok := obj.(mesh.Typed)
	if !ok {
		return nil, fmt.Errorf("the watch of %s brought a %T", s.kind.name, obj)
	}
	object, ok := mesh.From(typed)
	if !ok {
		return nil, fmt.Errorf("the watch of %s brought a %T", s.kind.name, obj)
	}
	return object, nil
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

// terminating is the set of namespaces that are being deleted.
type terminating struct {
	names  sync.Map // string → struct{}
	synced atomic.Bool
}

func (t *terminating) sync() { t.synced.Store(true) }

func (t *terminating) has(namespace string) bool {
	_, ok := t.names.Load(namespace)
	return ok
}

// Add notes whether a namespace is being deleted.
func (t *terminating) Add(obj any) error { return t.Update(obj) }

// Update notes whether a namespace is being deleted.
func (t *terminating) Update(obj any) error {
	namespace, ok := obj.(metav1.Object)
	if !ok {
		return fmt.Errorf("the watch of namespaces brought a %T", obj)
	}
	if namespace.GetDeletionTimestamp() == nil {
		t.names.Delete(namespace.GetName())
	} else {
		t.names.Store(namespace.GetName(), struct{}{})
	}
	return nil
}

// Delete forgets a namespace.
func (t *terminating) Delete(obj any) error {
	if namespace, ok := obj.(metav1.Object); ok {
		t.names.Delete(namespace.GetName())
	}
	return nil
}

// Replace starts anew with these namespaces.
func (t *terminating) Replace(list []any, _ string) error {
	t.names.Clear()
	for _, obj := range list {
		if err := t.Update(obj); err != nil {
			return err
		}
	}
	t.sync()
	return nil
}

// Resync does nothing.
func (t *terminating) Resync() error { return nil }
