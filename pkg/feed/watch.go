package feed

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// watch keeps a store up to date with a kind until ctx is done. It calls absent
// when the cluster turns out not to serve the kind, and tries again later.
func (f *Feed) watch(ctx context.Context, k kind, store cache.ReflectorStore, absent func()) {
	note := func(err error) error {
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			absent()
		}
		return err
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list := k.list()
			err := f.client.List(ctx, list, &client.ListOptions{Raw: &options})
			return list, note(err)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			events, err := f.client.Watch(ctx, k.list(), &client.ListOptions{Raw: &options})
			return events, note(err)
		},
	}
	cache.NewReflectorWithOptions(source, k.object(), store, cache.ReflectorOptions{Name: "mesh"}).RunWithContext(ctx)
}
