package missing

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/selection"
)

var update = flag.Bool("update", false, "rewrite what the cases want")

// stage is a cluster, and what is done and told there.
type stage struct {
	client.Client

	t            *testing.T
	replacements [][]byte // pods that controllers make for evicted ones, in turn
	held         bool     // a budget holds all pods
	page         int      // how much a list has at once
	start        time.Time
	told         func() // what happens meanwhile; nil for nothing
	said         []string
	counted      map[string]float64
}

// TestPasses plays the archives of testdata. "cluster" has objects, "mode" is what the flag
// says, and "want" what comes of each pass. Of evicted pods, those of "replacements" take
// the place, one after the other.
func TestPasses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = play(t, archive) })
			for i, f := range archive.Files {
				if f.Name != "want" {
					continue
				}
				if diff := gocmp.Diff(string(f.Data), got); diff != "" && !*update {
					t.Errorf("-want +got:\n%s", diff)
				}
				archive.Files[i].Data = []byte(got)
			}
			if *update {
				must(t, os.WriteFile(file, txtar.Format(archive), 0o600))
			}
		})
	}
}

func play(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	s := newStage(t)
	mode := ModeReport
	for _, f := range archive.Files {
		switch f.Name {
		case "cluster":
			for _, object := range documents(f.Data) {
				s.add(object)
			}
		case "replacements":
			s.replacements = documents(f.Data)
		case "budget":
			s.held = true
		case "mode":
			must(t, mode.Set(strings.TrimSpace(string(f.Data))))
		}
	}
	registry := prometheus.NewRegistry()
	w := s.watchdog(mode, registry)
	var got strings.Builder
	for range strings.Count(string(archive.Files[len(archive.Files)-1].Data), "pass\n") {
		must(t, w.pass(t.Context()))
		fmt.Fprintf(&got, "pass\n%s", s.sayings(registry))
	}
	return got.String()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, page: 2, start: time.Now(), counted: make(map[string]float64)}
	s.Client = fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{List: s.list, SubResourceCreate: s.evict}).Build()
	configurations, err := selection.Options{}.Configurations()
	must(t, err)
	for _, configuration := range configurations {
		must(t, s.Create(t.Context(), configuration))
	}
	return s
}

func (s *stage) watchdog(mode Mode, registry *prometheus.Registry) *Watchdog {
	s.t.Helper()
	injector, err := mutate.New(mutate.Config{})
	must(s.t, err)
	options := Options{Mode: mode, Interval: 10 * time.Minute, EvictionsPerMinute: 1}
	return newWatchdog(s, options, func() *mutate.Injector { return injector }, s, registry, slog.New(slog.DiscardHandler))
}

// add stores an object. A pod is of the ReplicaSet that its label "of" names.
func (s *stage) add(text []byte) {
	s.t.Helper()
	object := &unstructured.Unstructured{}
	must(s.t, yaml.UnmarshalStrict(text, &object.Object))
	object.SetUID(types.UID("uid of " + object.GetName()))
	object.SetCreationTimestamp(metav1.Now())
	if owner := object.GetLabels()["of"]; owner != "" {
		kind := cmp.Or(object.GetLabels()["kind"], "ReplicaSet")
		version := map[string]string{"Job": "batch/v1"}[kind]
		object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: cmp.Or(version, "apps/v1"), Kind: kind, Name: owner, UID: types.UID("uid of " + owner), Controller: new(true)}})
		object.SetGenerateName(owner + "-")
	}
	must(s.t, s.Create(s.t.Context(), object))
	if len(object.GetFinalizers()) > 0 { // it stays, on its way out
		must(s.t, s.Delete(s.t.Context(), object))
	}
}

// list pages and knows phases, neither of which the client's stand-in does.
func (s *stage) list(ctx context.Context, c client.WithWatch, into client.ObjectList, options ...client.ListOption) error {
	list, ok := into.(*metav1.PartialObjectMetadataList)
	if !ok {
		return c.List(ctx, into, options...)
	}
	var asked client.ListOptions
	asked.ApplyOptions(options)
	if asked.Limit != page {
		s.t.Errorf("a list of %d is asked for, want pages of %d", asked.Limit, page)
	}
	selector, next := asked.FieldSelector, asked.Continue
	asked.FieldSelector, asked.Limit, asked.Continue = nil, 0, ""
	if err := c.List(ctx, list, &asked); err != nil {
		return err
	}
	list.Items = slices.DeleteFunc(list.Items, func(item metav1.PartialObjectMetadata) bool {
		if selector == nil {
			return false
		}
		pod := &corev1.Pod{}
		must(s.t, c.Get(ctx, client.ObjectKeyFromObject(&item), pod))
		return !selector.Matches(fields.Set{"status.phase": string(pod.Status.Phase)})
	})
	slices.SortFunc(list.Items, func(a, b metav1.PartialObjectMetadata) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	at := 0
	if next != "" {
		_, err := fmt.Sscan(next, &at)
		must(s.t, err)
	}
	end := min(at+s.page, len(list.Items))
	if end < len(list.Items) {
		list.Continue = fmt.Sprint(end)
	}
	list.Items = list.Items[at:end]
	return nil
}

// evict does as the API server, and then as a controller.
func (s *stage) evict(ctx context.Context, c client.Client, name string, pod, of client.Object, _ ...client.SubResourceCreateOption) error {
	eviction, ok := of.(*policyv1.Eviction)
	if !ok || name != "eviction" || eviction.Name != pod.GetName() || *eviction.DeleteOptions.Preconditions.UID != pod.GetUID() {
		s.t.Errorf("%s of %T is no eviction of this pod alone", name, of)
	}
	if s.held {
		return apierrors.NewTooManyRequests("the budget is used up", 0)
	}
	at := time.Since(s.start).Truncate(time.Minute)
	s.said = append(s.said, fmt.Sprintf("evict %s/%s in minute %v", pod.GetNamespace(), pod.GetName(), at.Minutes()))
	if len(s.replacements) > 0 {
		s.add(s.replacements[0])
		s.replacements = s.replacements[1:]
	}
	return c.Delete(ctx, pod)
}

// Tell is what an Event says.
func (s *stage) Tell(namespace string, object metav1.OwnerReference, reason, message string) {
	s.said = append(s.said, fmt.Sprintf("event %s %s/%s %s: %s", namespace, object.Kind, object.Name, reason, message))
	if s.told != nil {
		s.told()
	}
}

// sayings are what happened since it was asked last, and the metrics.
func (s *stage) sayings(registry *prometheus.Registry) string {
	families, err := registry.Gather()
	must(s.t, err)
	var text strings.Builder
	for _, family := range families {
		for _, series := range family.GetMetric() {
			label := ""
			if len(series.GetLabel()) > 0 {
				label = series.GetLabel()[0].GetValue()
			}
			switch family.GetName() {
			case "meshward_pods_without_sidecar":
				fmt.Fprintf(&text, "  without %s %v\n", label, series.GetGauge().GetValue())
			case "meshward_missing_sidecars_evictions_total":
				if now := series.GetCounter().GetValue(); now > s.counted[label] {
					s.said = append(s.said, fmt.Sprintf("outcome %s %v", label, now-s.counted[label]))
					s.counted[label] = now
				}
			}
		}
	}
	for _, line := range s.said {
		fmt.Fprintf(&text, "  %s\n", line)
	}
	s.said = nil
	return text.String()
}

const (
	namespaceText = `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled, kubernetes.io/metadata.name: shop}}}`
	podText       = `{apiVersion: v1, kind: Pod, metadata: {name: web-%[1]d, namespace: shop, labels: {of: web-%[1]d}}, spec: {containers: [{name: web, image: web}]}}`
)

// shop is a stage with a namespace and some pods that lack their sidecar.
func shop(t *testing.T, pods int) *stage {
	t.Helper()
	s := newStage(t)
	s.add([]byte(namespaceText))
	for i := range pods {
		s.add(fmt.Appendf(nil, podText, i))
	}
	return s
}

// What was true when the pass began need not be when its turn to be evicted comes.
func TestWhatIsSettledMeanwhileIsNotEvicted(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0"}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	for name, meanwhile := range map[string]func(*testing.T, *stage){
		"gone": func(t *testing.T, s *stage) { must(t, client.IgnoreNotFound(s.Delete(t.Context(), pod))) },
		"unlabelled": func(t *testing.T, s *stage) {
			must(t, s.Update(t.Context(), namespace.DeepCopy()))
		},
		"another of that name": func(t *testing.T, s *stage) {
			must(t, s.Delete(t.Context(), pod))
			s.add([]byte(strings.ReplaceAll(fmt.Sprintf(podText, 0), "of: web-0", "of: db")))
		},
		"hook taken away": func(t *testing.T, s *stage) {
			var installed selection.Installed
			must(t, s.Client.List(t.Context(), &installed.List))
			for i := range installed.List.Items {
				must(t, s.Delete(t.Context(), &installed.List.Items[i]))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, registry := shop(t, 1), prometheus.NewRegistry()
				s.told = func() { meanwhile(t, s) }
				must(t, s.watchdog(ModeEvict, registry).pass(t.Context()))
				if got := s.sayings(registry); strings.Contains(got, "evict ") || !strings.Contains(got, "outcome settled 1") {
					t.Error(got)
				}
			})
		})
	}
}

// What is too much to be read whole is counted by metadata, and nobody is told of it.
func TestReadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, registry := shop(t, mostRead+7), prometheus.NewRegistry()
		s.page = page
		must(t, s.watchdog(ModeReport, registry).pass(t.Context()))
		if len(s.said) != mostRead {
			t.Errorf("%d were told", len(s.said))
		}
		if got := s.sayings(registry); !strings.Contains(got, fmt.Sprintf("without shop %d\n", mostRead+7)) {
			t.Error("not all are counted")
		}
	})
}

// A pass that fails leaves what the one before it found.
func TestAPassThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, registry := shop(t, 1), prometheus.NewRegistry()
		w := s.watchdog(ModeReport, registry)
		must(t, w.pass(t.Context()))
		want := s.sayings(registry)
		w.injector = func() *mutate.Injector { return nil }
		if err := w.pass(t.Context()); err == nil {
			t.Error("it needs no injector")
		}
		if got, _, _ := strings.Cut(want, "  event"); s.sayings(registry) != got {
			t.Errorf("the metric is no longer %s", got)
		}
	})
}

func TestPassesComeAtTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passes := 0
		w := newStage(t).watchdog(ModeReport, prometheus.NewRegistry())
		w.injector = func() *mutate.Injector { passes++; return nil }
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		must(t, w.Start(ctx))
		if passes < 120 || passes > 144 {
			t.Errorf("%d passes in a day", passes)
		}
	})
}

func TestNamespacesOfTheMetricAreBounded(t *testing.T) {
	counts := map[string]int{"small": 1, "smaller": 1}
	for i := range mostNamespaces {
		counts[fmt.Sprint("big-", i)] = 2
	}
	got := most(counts)
	if len(got) != mostNamespaces+1 || got[otherNamespaces] != 2 || got["big-0"] != 2 {
		t.Errorf("%v", got)
	}
}

func TestOptions(t *testing.T) {
	good := Options{Mode: ModeReport, Interval: time.Second, EvictionsPerMinute: 1}
	must(t, good.Check())
	for _, wrong := range []Options{{Interval: time.Millisecond, EvictionsPerMinute: 1}, {Interval: time.Second}} {
		if wrong.Check() == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	if mode := ModeOff; mode.Set("maybe") == nil || mode != ModeOff {
		t.Error("a mode that there is not is taken")
	}
}

func documents(text []byte) [][]byte { return bytes.Split(text, []byte("---\n")) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
