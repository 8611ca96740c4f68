package feed

import (
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// store is where the watch of one kind puts what it reads: the snapshot.
type store struct {
	source
	feed   *Feed
	synced atomic.Bool

	// What metrics tell: how many objects are held, how many could not be read, and when
	// the watch last brought anything, in seconds since 1970.
	objects, skipped, heard atomic.Int64
}

// Add puts a new object into the snapshot.
func (s *store) Add(obj any) error { return s.Update(obj) }

// Update replaces an object of the snapshot.
func (s *store) Update(obj any) error {
	if object := s.read(obj); object != nil {
		s.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{New: object}} })
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
	s.apply(func(*mesh.Snapshot) []mesh.Change { return []mesh.Change{{Old: &mesh.Object{Ref: ref}}} })
	return nil
}

// Replace makes the snapshot hold exactly these objects of the kind, at once.
func (s *store) Replace(list []any, _ string) error {
	listed := make(holds, len(list))
	for _, obj := range list {
		if object := s.read(obj); object != nil {
			listed[object.Ref] = object
		}
	}
	s.apply(func(now *mesh.Snapshot) []mesh.Change { return replacing(now.Objects(s.kind, ""), listed) })
	s.synced.Store(true)
	s.feed.changed.wake()
	return nil
}

// Resync does nothing: the snapshot has no second copy to get out of step with.
func (s *store) Resync() error { return nil }

// UpdateResourceVersion is called for whatever the watch brings, bookmarks too, of which
// the API server sends one a minute: so a watch that is quiet can be told from a dead one.
func (s *store) UpdateResourceVersion(string) { s.hear() }

func (s *store) hear() { s.heard.Store(time.Now().Unix()) }

// apply makes changes to the current snapshot, and keeps count of the kind.
func (s *store) apply(changes func(*mesh.Snapshot) []mesh.Change) {
	s.objects.Add(int64(s.feed.apply(changes)))
	s.hear()
}

// read returns nil for an object that we cannot read: the schema of a newer Istio
// may allow what ours does not know. It is logged by name and left out, so that
// it does not keep the others from being read.
func (s *store) read(obj any) *mesh.Object {
	object, err := s.decode(obj)
	if err != nil {
		s.skipped.Add(1)
		s.feed.skip(err)
	}
	return object
}

// replacing returns the changes that leave of the held objects only those listed,
// and put these in as they are listed.
func replacing(held iter.Seq[*mesh.Object], listed holds) []mesh.Change {
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
