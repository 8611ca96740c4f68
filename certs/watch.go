package certs

import (
	"context"
	"crypto/x509"
	"sync"
	"sync/atomic"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// A watch keeps what the API server has of our certificates: the webhook configurations
// that call us and, where we certify ourselves, our CA.
type watch struct {
	options Options
	client  kubernetes.Interface

	mu      sync.Mutex // one at a time makes a view
	current atomic.Pointer[view]
	ca      atomic.Pointer[x509.Certificate] // the last one that was good
	wake    chan struct{}                    // something changed
	rotated func(*x509.Certificate)          // is told of a new CA
}

func newWatch(client kubernetes.Interface, options Options, rotated func(*x509.Certificate)) *watch {
	return &watch{options: options, client: client, wake: make(chan struct{}, 1), rotated: rotated}
}

// callers returns who calls us, and nil as long as that is not known.
func (w *watch) callers() *view { return w.current.Load() }

// runCallers watches the webhook configurations until ctx is done. All are watched, as a
// watch cannot ask for a name or else a label; of those that are not ours nothing is kept.
func (w *watch) runCallers(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0, informers.WithTransform(w.thin))
	known := []cache.SharedIndexInformer{
		factory.Admissionregistration().V1().MutatingWebhookConfigurations().Informer(),
		factory.Admissionregistration().V1().ValidatingWebhookConfigurations().Informer(),
	}
	refresh := func() { w.refresh(known) }
	for _, informer := range known {
		if _, err := informer.AddEventHandler(always(refresh)); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	if cache.WaitForCacheSync(ctx.Done(), known[0].HasSynced, known[1].HasSynced) {
		refresh()
	}
	<-ctx.Done()
	return nil
}

// thin keeps of an object what a view needs.
func (w *watch) thin(object any) (any, error) {
	switch object := object.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		if !w.options.ours(&object.ObjectMeta) {
			object.Webhooks, object.ManagedFields = nil, nil
		}
		for i := range object.ManagedFields {
			object.ManagedFields[i].FieldsV1 = nil
		}
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		if !w.options.ours(&object.ObjectMeta) {
			object.Webhooks, object.ManagedFields = nil, nil
		}
		for i := range object.ManagedFields {
			object.ManagedFields[i].FieldsV1 = nil
		}
	}
	return object, nil
}

// refresh makes a view of what the informers have, once they have all.
func (w *watch) refresh(known []cache.SharedIndexInformer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var now view
	for _, informer := range known {
		if !informer.HasSynced() {
			return
		}
		for _, object := range informer.GetStore().List() {
			if c := w.options.configuration(object); c != nil {
				now.configurations = append(now.configurations, c)
			}
		}
	}
	now.sort()
	if now.equal(w.current.Load()) {
		return
	}
	w.current.Store(&now)
	w.awaken()
}

// runCA watches the Secret of our CA until ctx is done. Its key is not kept.
func (w *watch) runCA(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0,
		informers.WithNamespace(w.options.Namespace),
		informers.WithTransform(func(object any) (any, error) {
			if secret, ok := object.(*corev1.Secret); ok {
				delete(secret.Data, corev1.TLSPrivateKeyKey)
			}
			return object, nil
		}),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, w.options.Secret).String()
		}))
	_, err := factory.Core().V1().Secrets().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    w.certify,
		UpdateFunc: func(_, object any) { w.certify(object) },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	<-ctx.Done()
	return nil
}

// certify takes over the CA of a Secret. If that is bad, or gone, the last one counts until
// there is another: leaves of it are shown.
func (w *watch) certify(object any) {
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return
	}
	roots, clean := parse(secret.Data[corev1.TLSCertKey])
	if !clean || len(roots) != 1 || !roots[0].IsCA || roots[0].Equal(w.ca.Load()) {
		return
	}
	w.ca.Store(roots[0])
	w.rotated(roots[0])
	w.awaken()
}

func (w *watch) awaken() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

// always calls a function whatever happens to objects.
func always(call func()) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { call() },
		UpdateFunc: func(any, any) { call() },
		DeleteFunc: func(any) { call() },
	}
}
