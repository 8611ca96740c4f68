package feed

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Fresh returns the current snapshot with some namespaces as the API server has
// them at this moment, which a watch may not have brought yet. It is for the
// rare request that would be refused: what it reads grows with the namespaces.
// It returns an error where the API server does not answer in time.
func (f *Feed) Fresh(ctx context.Context, namespaces []string) (*mesh.Snapshot, error) {
	now := f.Snapshot()
	var changes []mesh.Change
	for _, k := range kinds {
		for _, namespace := range namespaces {
			listed, err := f.list(ctx, k, namespace)
			if err != nil {
				return nil, fmt.Errorf("%s of namespace %s: %w", k.name, namespace, err)
			}
			changes = append(changes, replacing(now.Objects(k.name, namespace), listed)...)
		}
	}
	return now.Apply(changes...), nil
}

func (f *Feed) list(ctx context.Context, k kind, namespace string) (map[mesh.Ref]*mesh.Object, error) {
	list := k.list()
	err := f.client.List(ctx, list, client.InNamespace(namespace))
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil // the cluster does not serve the kind
	}
	if err != nil {
		return nil, err
	}
	listed := map[mesh.Ref]*mesh.Object{}
	return listed, meta.EachListItem(list, func(item runtime.Object) error {
		typed, ok := item.(mesh.Typed)
		if !ok {
			return fmt.Errorf("the list holds a %T", item)
		}
		if object, ok := mesh.From(typed); ok {
			listed[object.Ref] = object
		}
		return nil
	})
}
