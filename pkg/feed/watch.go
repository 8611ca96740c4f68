package feed

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// askAgain is how long it may take until a kind is noticed that the cluster did not
// serve before.
const askAgain = 10 * time.Second

// tryAgain is how long an API server is left alone that does not answer. A reflector's own
// wait grows to a minute, for which a mesh would not be watched that could be.
var tryAgain = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 1, Steps: 10, Cap: 5 * time.Second}

// watch keeps a store up to date with a kind until ctx is done. A kind that the
// cluster does not serve, or no longer does, is empty; it is asked for again later.
func (f *Feed) watch(ctx context.Context, store *store) {
	// Not served is the usual state of some kinds, and a reflector takes it for an
	// error to be logged each time.
	served := func(ctx context.Context) (bool, error) {
		if isAbsent(f.client.List(ctx, store.list(), client.Limit(1))) {
			return false, store.Replace(nil, "")
		}
		return true, nil
	}
	for ctx.Err() == nil {
		if err := wait.PollUntilContextCancel(ctx, askAgain, true, served); err != nil {
			return
		}
		f.follow(ctx, store)
	}
}

// follow keeps a store up to date with a kind until ctx is done or the cluster does not serve
// the kind.
func (f *Feed) follow(ctx context.Context, store *store) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	note := func(err error) error {
		if ctx.Err() == nil {
			f.contact.note(store.kind, err)
		}
		if isAbsent(err) {
			end()
			return errors.Join(err, store.Replace(nil, ""))
		}
		return err
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list := store.list()
			err := f.client.List(ctx, list, &client.ListOptions{Raw: &options})
			return list, note(err)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			events, err := f.client.Watch(ctx, store.list(), &client.ListOptions{Raw: &options})
			return events, note(err)
		},
	}
	patience := tryAgain
	cache.NewReflectorWithOptions(source, store.object(), store, cache.ReflectorOptions{Name: "mesh", Backoff: &patience}).RunWithContext(ctx)
}

// isAbsent reports whether an error says that the cluster does not serve a kind.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) }
