// Package feed keeps a snapshot of the mesh up to date with a cluster.
//
// It knows how to talk to the API server, so it also writes the Events of others. It
// must not know rules, findings or admission.
package feed

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Feed is the mesh as a cluster has it: the current snapshot, kept by watches.
// No object is held twice: what a watch brings goes into the snapshot and is
// dropped. Feed is a controller-runtime Runnable.
type Feed struct {
	client   client.WithWatch
	snapshot atomic.Pointer[mesh.Snapshot]
	writing  sync.Mutex // held by whoever replaces the snapshot
	changed  changed
	contact  *contact
	reads    *reads

	log    *slog.Logger
	stores []*store
}

// New prepares a feed that reads the cluster of cfg once it is started. It
// returns an error where no client can be made of cfg.
func New(cfg *rest.Config, settings mesh.Config, log *slog.Logger) (*Feed, error) {
	reader, err := client.NewWithWatch(cfg, client.Options{Mapper: mapper()})
	if err != nil {
		return nil, fmt.Errorf("no client for %s: %w", cfg.Host, err)
	}
	return newFeed(reader, settings, log), nil
}

func newFeed(reader client.WithWatch, settings mesh.Config, log *slog.Logger) *Feed {
	f := &Feed{client: reader, changed: newChanged(), contact: newContact(log), log: log}
	f.reads = &reads{list: f.list, next: map[scope]*read{}}
	f.snapshot.Store(mesh.Empty(settings))
	for _, source := range sources {
		f.stores = append(f.stores, &store{source: source, feed: f})
	}
	return f
}

// Start watches the cluster until ctx is done.
func (f *Feed) Start(ctx context.Context) error {
	var watching sync.WaitGroup
	for _, s := range f.stores {
		watching.Go(func() { f.watch(ctx, s) })
	}
	watching.Wait()
	return nil
}

// NeedLeaderElection is false: every replica answers, so every replica watches.
func (f *Feed) NeedLeaderElection() bool { return false }

// Snapshot returns the mesh as it is known now.
func (f *Feed) Snapshot() *mesh.Snapshot { return f.snapshot.Load() }

// Terminating reports whether a namespace is being deleted.
func (f *Feed) Terminating(namespace string) bool {
	object := f.Snapshot().Get(mesh.Ref{Kind: mesh.KindNamespace, Name: namespace})
	return object != nil && object.Deleting
}

// NamespaceLabels returns the labels of a namespace, and nil for one that is not
// known. They must not be changed.
func (f *Feed) NamespaceLabels(namespace string) map[string]string {
	return f.Snapshot().NamespaceLabels(namespace)
}

// Ready returns an error that names the kinds of which the state is not known
// yet, and why that of the first is not, where it was asked for; and nil once all are.
func (f *Feed) Ready() error {
	missing := f.unread()
	if len(missing) == 0 {
		return nil
	}
	problem := fmt.Errorf("not read yet: %s", strings.Join(missing, ", "))
	if why := f.contact.why(mesh.Kind(missing[0])); why != nil {
		return fmt.Errorf("%w: %w", problem, why)
	}
	return problem
}

// unread returns the kinds of the mesh of which the state is not known yet.
func (f *Feed) unread() []string {
	var missing []string
	for _, s := range f.stores {
		if !s.synced.Load() {
			missing = append(missing, string(s.kind))
		}
	}
	return missing
}

// apply makes changes to the current snapshot, and returns by how many objects it grew.
// Readers never wait for it.
func (f *Feed) apply(changes func(*mesh.Snapshot) []mesh.Change) int {
	f.writing.Lock()
	defer f.writing.Unlock()
	now := f.snapshot.Load()
	made := changes(now)
	next := now.Apply(made...)
	f.snapshot.Store(next)
	f.changed.note(made)
	return next.Len() - now.Len()
}
