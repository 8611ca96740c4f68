package injection

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// askAgain is how long it may take until a kind is noticed that the cluster did not
// serve at first.
const askAgain = 10 * time.Second

// watch is one question to the API server that stays open.
type watch struct {
	name   string // for people
	object client.Object
	list   func() client.ObjectList
	// namespace and only narrow it down to one object, which is all that the server may
	// have the right to see; empty for all objects.
	namespace, only string
	into            cache.ReflectorStore
	unread          func() bool
}

func (w *watch) options(raw *metav1.ListOptions) *client.ListOptions {
	options := &client.ListOptions{Namespace: w.namespace, Raw: raw}
	if w.only != "" {
		options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, w.only)
	}
	return options
}

// run keeps the store up to date until ctx is done. A kind that the cluster does not
// serve, or no longer does, is empty; it is asked for again later.
func (w *watch) run(ctx context.Context, from client.WithWatch) {
	// Not served is the usual state of some kinds, and a reflector takes it for an error
	// to be logged each time.
	served := func(ctx context.Context) (bool, error) {
		if isAbsent(from.List(ctx, w.list(), w.options(&metav1.ListOptions{}), client.Limit(1))) {
			return false, w.into.Replace(nil, "")
		}
		return true, nil
	}
	for ctx.Err() == nil {
		if err := wait.PollUntilContextCancel(ctx, askAgain, true, served); err != nil {
			return
		}
		w.follow(ctx, from)
	}
}

// follow keeps the store up to date until ctx is done or the cluster does not serve the kind.
func (w *watch) follow(ctx context.Context, from client.WithWatch) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	note := func(err error) error {
		if isAbsent(err) {
			end()
			return errors.Join(err, w.into.Replace(nil, ""))
		}
		return err
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list := w.list()
			err := from.List(ctx, list, w.options(&options))
			return list, note(err)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			events, err := from.Watch(ctx, w.list(), w.options(&options))
			return events, note(err)
		},
	}
	cache.NewReflectorWithOptions(source, w.object, w.into, cache.ReflectorOptions{Name: "injection"}).RunWithContext(ctx)
}

// isAbsent reports whether an error says that the cluster does not serve a kind.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }
