package feed

import (
	"context"
	"maps"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// changed is which objects changed since somebody last asked. However often an
// object changed, it is in here once.
type changed struct {
	refs map[mesh.Ref]struct{} // guarded by Feed.writing
	news chan struct{}         // holds one while there is something to ask for
}

func newChanged() changed {
	return changed{refs: map[mesh.Ref]struct{}{}, news: make(chan struct{}, 1)}
}

// Next waits for a change, and until every kind was read once, and returns the
// snapshot with the objects that changed since the last call. What happened
// meanwhile comes as one change, so whoever is slow falls behind in time and not
// in memory. It is for a single caller, and returns an error when ctx is done.
func (f *Feed) Next(ctx context.Context) (*mesh.Snapshot, []mesh.Ref, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-f.changed.news:
		}
		if len(f.unread()) == 0 {
			now, refs := f.take()
			return now, refs, nil
		}
	}
}

func (f *Feed) take() (*mesh.Snapshot, []mesh.Ref) {
	f.writing.Lock()
	defer f.writing.Unlock()
	refs := slices.Collect(maps.Keys(f.changed.refs))
	f.changed.refs = map[mesh.Ref]struct{}{}
	return f.Snapshot(), refs
}

// note remembers changes. The caller holds Feed.writing.
func (c *changed) note(changes []mesh.Change) {
	for _, change := range changes {
		c.refs[change.Ref()] = struct{}{}
	}
	c.wake()
}

func (c *changed) wake() {
	select {
	case c.news <- struct{}{}:
	default: // it is known already that there are news
	}
}
