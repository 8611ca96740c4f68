package feed

import (
	"context"
	"fmt"
	"slices"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Fresh returns the current snapshot with some namespaces as the API server has
// them at this moment, which a watch may not have brought yet; the empty name
// stands for all of them. It is for the rare request that would be refused: what
// it reads grows with the namespaces. It returns an error where the API server
// does not answer in time.
func (f *Feed) Fresh(ctx context.Context, namespaces []string) (*mesh.Snapshot, error) {
	if slices.Contains(namespaces, "") || len(namespaces) > mostNamespaces {
		namespaces = []string{""}
	}
	now := f.Snapshot()
	var changes []mesh.Change
	for _, source := range sources {
		within := namespaces
		if source.wide {
			within = []string{""}
		}
		for _, namespace := range within {
			listed, err := f.list(ctx, source, namespace)
			if err != nil {
				return nil, fmt.Errorf("%s of namespace %q: %w", source.kind, namespace, err)
			}
			changes = append(changes, replacing(now.Objects(source.kind, namespace), listed)...)
		}
	}
	return now.Apply(changes...), nil
}

// mostNamespaces is how many namespaces are read one by one, and not all at once.
const mostNamespaces = 10

func (f *Feed) list(ctx context.Context, from source, namespace string) (map[mesh.Ref]*mesh.Object, error) {
	objects, skipped, err := from.read(ctx, f.client, namespace)
	for _, unreadable := range skipped {
		f.log.Error("an object was skipped", "error", unreadable)
	}
	listed := make(map[mesh.Ref]*mesh.Object, len(objects))
	for _, object := range objects {
		listed[object.Ref] = object
	}
	return listed, err
}
