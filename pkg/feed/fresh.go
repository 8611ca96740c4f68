package feed

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
	for _, kind := range kinds {
		for _, namespace := range namespaces {
			listed, err := f.list(ctx, kind, namespace)
			if err != nil {
				return nil, fmt.Errorf("%s of namespace %q: %w", kind, namespace, err)
			}
			changes = append(changes, replacing(now.Objects(kind, namespace), listed)...)
		}
	}
	return now.Apply(changes...), nil
}

// mostNamespaces is how many namespaces are read one by one, and not all at once.
const mostNamespaces = 10

func (f *Feed) list(ctx context.Context, kind mesh.Kind, namespace string) (map[mesh.Ref]*mesh.Object, error) {
	list := objectsOf(kind)
	err := f.client.List(ctx, list, client.InNamespace(namespace))
	if isAbsent(err) {
		return nil, nil // the cluster does not serve the kind
	}
	if err != nil {
		return nil, err
	}
	listed := map[mesh.Ref]*mesh.Object{}
	return listed, meta.EachListItem(list, func(item runtime.Object) error {
		if object := f.read(kind, item); object != nil {
			listed[object.Ref] = object
		}
		return nil
	})
}
