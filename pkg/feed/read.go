package feed

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Read reads every kind of a cluster once, as it is stored now, without watching
// it. Objects that we cannot read are left out and named in skipped. It returns
// an error where a kind cannot be listed, and where rights are missing one that
// names all of them; a kind that the cluster does not serve is empty.
func Read(ctx context.Context, cluster *rest.Config) (objects []*mesh.Object, skipped []error, err error) {
	reader, err := client.New(cluster, client.Options{Mapper: mapper()})
	if err != nil {
		return nil, nil, fmt.Errorf("no client for %s: %w", cluster.Host, err)
	}
	return readAll(ctx, reader)
}

func readAll(ctx context.Context, reader client.Reader) (objects []*mesh.Object, skipped []error, err error) {
	var refused []error
	for _, s := range sources {
		listed, unreadable, err := s.read(ctx, reader, "")
		switch {
		case apierrors.IsForbidden(err):
			refused = append(refused, fmt.Errorf("%s cannot be read; this takes the verb list in all namespaces: %w", s.api.Kind, err))
		case err != nil: // the others would say the same
			return nil, nil, fmt.Errorf("%s cannot be read: %w", s.api.Kind, err)
		}
		objects = append(objects, listed...)
		skipped = append(skipped, unreadable...)
	}
	if len(refused) > 0 {
		return nil, nil, errors.Join(refused...)
	}
	return objects, skipped, nil
}

// read lists the kind in a namespace, or in all of them where it is empty.
func (s source) read(ctx context.Context, from client.Reader, namespace string, how ...client.ListOption) (objects []*mesh.Object, skipped []error, err error) {
	list := s.list()
	err = from.List(ctx, list, append(how, client.InNamespace(namespace))...)
	if isAbsent(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return s.decodeAll(list)
}
