package missing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/selection"
)

const (
	// page is how much metadata is held at once.
	page = 500
	// mostRead bounds how many pods a pass reads whole.
	mostRead = 500
)

// running leaves out pods that are done, and need no sidecar any more.
var running = fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)

// A pass is one look through the cluster.
type pass struct {
	*Watchdog

	now        *mutate.Injector
	namespaces map[string]labels.Set // those that stay
	counts     map[string]int        // pods without a sidecar, by namespace
	found      []*group
	known      map[types.UID]int // pods with a sidecar, of controllers of which some were evicted
	read       int
	unread     int // pods that were not read for want of time
}

func newPass(w *Watchdog) *pass {
	return &pass{
		Watchdog:   w,
		now:        w.injector(),
		namespaces: make(map[string]labels.Set),
		counts:     make(map[string]int),
		known:      make(map[types.UID]int),
	}
}

// look finds the pods without a sidecar. Where it fails, what was found says nothing.
func (p *pass) look(ctx context.Context) error {
	if p.now == nil {
		return errors.New("the injector has no configuration yet")
	}
	askings, err := p.askings(ctx)
	if err != nil {
		return err
	}
	if err := p.list(ctx, "Namespace", p.keep); err != nil {
		return err
	}
	for _, asking := range askings {
		for _, namespace := range p.where(asking) {
			if err := p.pods(ctx, asking, namespace); err != nil {
				return err
			}
		}
	}
	return nil
}

// askings returns how pods ask for the sidecar as the API server has it now, tags and
// excluded namespaces included, and not as anybody once printed it.
func (p *pass) askings(ctx context.Context) ([]selection.Asking, error) {
	ctx, cancel := context.WithTimeout(ctx, askedWithin)
	defer cancel()
	var installed selection.Installed
	if err := p.client.List(ctx, &installed.List, client.MatchingLabels(selection.LabelsOf(p.options.Revision))); err != nil {
		return nil, fmt.Errorf("the webhook configurations: %w", err)
	}
	askings, unknown, err := installed.Askings()
	if len(unknown) > 0 {
		p.log.Warn("pods of webhooks with matchConditions are not looked for", "webhooks", unknown)
	}
	return askings, err
}

func (p *pass) keep(namespace *metav1.PartialObjectMetadata) error {
	if namespace.DeletionTimestamp == nil {
		p.namespaces[namespace.Name] = namespace.Labels
	}
	return nil
}

// where returns where to list the pods that ask in one way: in each namespace where that
// may be any pod, and once for all where it is only those with some label.
func (p *pass) where(asking selection.Asking) []string {
	var selected []string
	for name, set := range p.namespaces {
		if asking.Namespaces.Matches(set) {
			selected = append(selected, name)
		}
	}
	if len(selected) > 0 && !asking.Pods.Matches(labels.Set{}) {
		return []string{metav1.NamespaceAll}
	}
	slices.Sort(selected)
	return selected
}

// pods looks at the pods that ask in one way. They come by namespace, and so do the groups
// that they make up.
func (p *pass) pods(ctx context.Context, asking selection.Asking, namespace string) error {
	groups := make(map[types.UID]*group)
	of := namespace
	err := p.list(ctx, "Pod", func(pod *metav1.PartialObjectMetadata) error {
		if pod.Namespace != of {
			if err := p.settle(ctx, groups); err != nil {
				return err
			}
			clear(groups)
		}
		of = pod.Namespace
		if set, stays := p.namespaces[of]; stays && asking.Namespaces.Matches(set) {
			p.sort(groups, pod)
		}
		return nil
	}, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: asking.Pods}, client.MatchingFieldsSelector{Selector: running})
	if err != nil {
		return err
	}
	return p.settle(ctx, groups)
}

// sort puts a pod into its group, going by its metadata.
func (p *pass) sort(groups map[types.UID]*group, pod *metav1.PartialObjectMetadata) {
	if pod.DeletionTimestamp != nil {
		return
	}
	decision := p.now.Decide(&corev1.Pod{ObjectMeta: pod.ObjectMeta}, pod.Namespace)
	if !decision.Inject && !decision.Reason.Again {
		return
	}
	g := newGroup(pod)
	if known := groups[g.about.UID]; known != nil {
		g = known
	}
	groups[g.about.UID] = g
	if decision.Reason.Again {
		g.got(pod)
	} else {
		g.lacks(pod)
	}
}

// settle looks closer at the groups of a namespace, and keeps those that lack a sidecar.
func (p *pass) settle(ctx context.Context, groups map[types.UID]*group) error {
	byName := func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.about.Name, b.about.Name), cmp.Compare(a.about.UID, b.about.UID))
	}
	for _, g := range slices.SortedFunc(maps.Values(groups), byName) {
		if p.evictedOf[g.about.UID] > 0 {
			p.known[g.about.UID] += g.has
		}
		if g.missing == 0 {
			continue
		}
		if p.read == mostRead {
			p.unread += g.missing
			p.counts[g.namespace] += g.missing
			continue
		}
		p.read++
		_, err := p.confirm(ctx, g)
		if errors.Is(err, errNotMissing) {
			continue
		}
		if err != nil {
			return err
		}
		p.counts[g.namespace] += g.missing
		p.found = append(p.found, g)
	}
	return nil
}

// list asks for the metadata of all objects of a kind, page by page.
func (p *pass) list(ctx context.Context, kind string, each func(*metav1.PartialObjectMetadata) error, options ...client.ListOption) error {
	for next := ""; ; {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind + "List"))
		if err := p.ask(ctx, func(ctx context.Context) error {
			return p.client.List(ctx, list, append(slices.Clone(options), client.Limit(page), client.Continue(next))...)
		}); err != nil {
			return fmt.Errorf("the metadata of %ss: %w", kind, err)
		}
		for i := range list.Items {
			if err := each(&list.Items[i]); err != nil {
				return err
			}
		}
		if next = list.Continue; next == "" {
			return nil
		}
	}
}

// ask asks the API server something, in its turn and for as long as it may take.
func (w *Watchdog) ask(ctx context.Context, question func(context.Context) error) error {
	if !w.sleep(ctx, pace) {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, askedWithin)
	defer cancel()
	return question(ctx)
}
