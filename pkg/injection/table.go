package injection

import (
	"fmt"
	"log/slog"
	"maps"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// table is where the watch of a kind puts what it reads: of each object what matters of
// it, and nothing else.
type table[V any] struct {
	// row returns what matters of an object.
	row func(client.Object) (V, error)
	// same reports that nothing that matters changed.
	same func(V, V) bool
	// changed is called when something did.
	changed func()
	log     *slog.Logger

	mu      sync.Mutex
	rows    map[client.ObjectKey]V
	version int // counts the changes; 0 before all was read once
}

// all returns the rows, and a number that changes with them.
func (t *table[V]) all() (map[client.ObjectKey]V, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.rows), t.version
}

// of returns one row; what stands for none where there is none.
func (t *table[V]) of(key client.ObjectKey) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows[key]
}

func (t *table[V]) unread() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.version == 0
}

// Add puts a new object into the table.
func (t *table[V]) Add(obj any) error { return t.Update(obj) }

// Update replaces an object of the table.
func (t *table[V]) Update(obj any) error {
	listed := map[client.ObjectKey]V{}
	key := t.read(obj, listed)
	t.change(func(rows map[client.ObjectKey]V) bool {
		row, readable := listed[key]
		old, known := rows[key]
		switch {
		case readable && known && t.same(old, row):
			return false
		case readable:
			rows[key] = row
			return true
		default:
			delete(rows, key)
			return known
		}
	})
	return nil
}

// Delete takes an object out of the table.
func (t *table[V]) Delete(obj any) error {
	gone, ok := obj.(metav1.Object)
	if !ok {
		return fmt.Errorf("the watch brought a %T", obj)
	}
	t.change(func(rows map[client.ObjectKey]V) bool {
		delete(rows, client.ObjectKey{Namespace: gone.GetNamespace(), Name: gone.GetName()})
		return true
	})
	return nil
}

// Replace makes the table hold exactly these objects.
func (t *table[V]) Replace(list []any, _ string) error {
	listed := make(map[client.ObjectKey]V, len(list))
	for _, obj := range list {
		t.read(obj, listed)
	}
	t.change(func(rows map[client.ObjectKey]V) bool {
		if t.version > 0 && maps.EqualFunc(rows, listed, t.same) {
			return false
		}
		clear(rows)
		maps.Copy(rows, listed)
		return true
	})
	return nil
}

// Resync does nothing: the table has no second copy to get out of step with.
func (t *table[V]) Resync() error { return nil }

// read puts what matters of an object into rows, and returns its key. An object that we
// cannot read is logged by name and left out, so that it does not hide the others.
func (t *table[V]) read(obj any, into map[client.ObjectKey]V) client.ObjectKey {
	object, ok := obj.(client.Object)
	if !ok {
		t.log.Error("the API server sent what is no object", "type", fmt.Sprintf("%T", obj))
		return client.ObjectKey{}
	}
	key := client.ObjectKeyFromObject(object)
	row, err := t.row(object)
	if err != nil {
		t.log.Error("an object was skipped", "error", err)
		return key
	}
	into[key] = row
	return key
}

// change has the rows changed, and tells of it where they were.
func (t *table[V]) change(do func(rows map[client.ObjectKey]V) bool) {
	t.mu.Lock()
	if t.rows == nil {
		t.rows = map[client.ObjectKey]V{}
	}
	changed := do(t.rows)
	if changed {
		t.version++
	}
	t.mu.Unlock()
	if changed {
		t.changed()
	}
}
