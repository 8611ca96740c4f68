package selection_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/selection"
)

var update = flag.Bool("update", false, "rewrite the manifest")

// A pod that is being created, by all that the API server selects it by. A label is absent
// where it is "-".
type created struct {
	namespace                             string
	namespaceInjection, namespaceRevision string
	inject, revision                      string
}

const absent = "-"

func (c created) namespaceLabels() labels.Set {
	set := labels.Set{"kubernetes.io/metadata.name": c.namespace}
	return with(with(set, "istio-injection", c.namespaceInjection), "istio.io/rev", c.namespaceRevision)
}

func (c created) podLabels() labels.Set {
	return with(with(labels.Set{}, "sidecar.istio.io/inject", c.inject), "istio.io/rev", c.revision)
}

func with(set labels.Set, key, value string) labels.Set {
	if value != absent {
		set[key] = value
	}
	return set
}

// everything is a pod for each combination of labels that anybody asks about, and of
// values that nobody does.
func everything() []created {
	var all []created
	for _, namespace := range []string{"shop", "kube-system", "local-path-storage", "calico-system", "cert-manager", "istio-system", "meshward-system", "extra"} {
		for _, injection := range []string{absent, "enabled", "disabled", "", "true"} {
			for _, namespaceRevision := range []string{absent, "default", "canary", "prod", "other", ""} {
				for _, inject := range []string{absent, "true", "false", "yes", ""} {
					for _, revision := range []string{absent, "default", "canary", "prod", "other", ""} {
						all = append(all, created{namespace, injection, namespaceRevision, inject, revision})
					}
				}
			}
		}
	}
	return all
}

// A way is how a pod asks, and the value of istio.io/rev by which it does.
type way struct{ name, value string }

// wayOf is the table of selection, read from the top. ok is false for a pod that is left
// alone.
func wayOf(c created, served []string, byDefault bool) (w way, ok bool) {
	byDefaultRevision := slices.Contains(served, "default")
	switch {
	case c.inject == "false":
		return way{}, false
	case c.namespaceInjection != absent:
		return way{"namespace", "default"}, byDefaultRevision && c.namespaceInjection == "enabled"
	case c.namespaceRevision != absent:
		return way{"rev.namespace", c.namespaceRevision}, slices.Contains(served, c.namespaceRevision)
	case c.revision != absent:
		return way{"rev.object", c.revision}, slices.Contains(served, c.revision)
	case c.inject == "true":
		return way{"object", "default"}, byDefaultRevision
	default:
		return way{"auto", "default"}, byDefaultRevision && byDefault && c.inject == absent
	}
}

// leftAlone reports whether nothing that a pod asks for counts where it is.
func leftAlone(c created, w way) bool {
	switch c.namespace {
	case "kube-system", "local-path-storage", "calico-system", "cert-manager", "meshward-system", "extra":
		return true
	case "istio-system":
		return w.name != "object" && w.name != "rev.object"
	}
	return false
}

// Every pod is sent as the table says, and none is sent twice: whatever was installed
// before, and in whatever order.
func TestEntriesPickWhatTheTableSays(t *testing.T) {
	extra := []string{"extra"}
	for name, installed := range map[string][]selection.Options{
		"default":              {{Exclude: extra}},
		"by default":           {{Exclude: extra, ByDefault: true}},
		"revision":             {{Exclude: extra, Revision: "canary"}},
		"tag":                  {{Exclude: extra, Revision: "canary", Tags: []string{"prod"}}},
		"default tag":          {{Exclude: extra, Revision: "canary", Tags: []string{"default"}, ByDefault: true}},
		"side by side":         {{Exclude: extra}, {Exclude: extra, Revision: "canary", Tags: []string{"prod"}}},
		"default handed over":  {{Exclude: extra}, {Exclude: extra, Revision: "canary", Tags: []string{"default", "prod"}}},
		"default handed back":  {{Exclude: extra, Revision: "canary", Tags: []string{"default"}}, {Exclude: extra}},
		"tag handed over":      {{Exclude: extra, Revision: "other", Tags: []string{"prod"}}, {Exclude: extra, Revision: "canary", Tags: []string{"prod"}}},
		"tag becomes revision": {{Exclude: extra, Revision: "canary", Tags: []string{"prod"}}, {Exclude: extra, Revision: "prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			stored := apply(t, installed)
			var served []string
			for _, options := range installed {
				served = append(append(served, revisionOf(options.Revision)), options.Tags...)
			}
			for _, c := range everything() {
				w, asks := wayOf(c, served, installed[len(installed)-1].ByDefault)
				var want []string
				if asks && !leftAlone(c, w) {
					want = []string{fmt.Sprintf("%s: %s.inject.meshward.io", nameFor(w.value), w.name)}
				}
				if got := stored.sent(c); !slices.Equal(got, want) {
					t.Fatalf("%+v is sent to %q, want %q", c, got, want)
				}
			}
		})
	}
}

func revisionOf(revision string) string {
	if revision == "" {
		return "default"
	}
	return revision
}

func nameFor(value string) string {
	if value == "default" {
		return "meshward"
	}
	return "meshward-" + value
}

// stored are the webhooks of a cluster, by their configuration's name and their own.
type stored map[string]selectors

type selectors struct{ namespaces, pods labels.Selector }

// apply stores configurations one after the other, as kubectl would.
func apply(t *testing.T, installed []selection.Options) stored {
	t.Helper()
	byName := make(map[string]*admissionregistrationv1.MutatingWebhookConfiguration)
	for _, options := range installed {
		configurations, err := options.Configurations()
		if err != nil {
			t.Fatal(err)
		}
		for _, configuration := range configurations {
			byName[configuration.Name] = configuration
		}
	}
	all := make(stored)
	for name, configuration := range byName {
		for _, webhook := range configuration.Webhooks {
			all[name+": "+webhook.Name] = selectors{selectorOf(t, webhook.NamespaceSelector), selectorOf(t, webhook.ObjectSelector)}
		}
	}
	return all
}

func selectorOf(t *testing.T, of *metav1.LabelSelector) labels.Selector {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(of)
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

func (s stored) sent(c created) []string {
	var to []string
	namespace, pod := c.namespaceLabels(), c.podLabels()
	for name, webhook := range s {
		if webhook.namespaces.Matches(namespace) && webhook.pods.Matches(pod) {
			to = append(to, name)
		}
	}
	return to
}

func TestWhatCannotBeServedIsRefused(t *testing.T) {
	for want, options := range map[string]selection.Options{
		`the revision is "Canary"`:           {Revision: "Canary"},
		`a tag is "a b"`:                     {Tags: []string{"a b"}},
		`the tag "default" is there already`: {Tags: []string{"default"}},
		`the tag "prod" is there already`:    {Tags: []string{"prod", "prod"}},
		`the namespace is "a/b"`:             {Namespace: "a/b"},
		`the failure policy is "fail"`:       {FailurePolicy: "fail"},
		`by default only by the revision`:    {Revision: "canary", ByDefault: true},
		`the cluster is "West"`:              {Cluster: "West"},
		`the network is "net 2"`:             {Cluster: "west", Network: "net 2"},
		`a namespace to exclude is ""`:       {Exclude: []string{""}},
	} {
		if _, err := options.Configurations(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", options, err, want)
		}
	}
}

// What kustomize installs is what is printed for the default revision, and the namespaces
// that it copies to every webhook are those of this package.
func TestManifest(t *testing.T) {
	var namespaces bytes.Buffer
	if err := selection.PrintNamespaces(&namespaces); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{
		"../../config/webhook/mutating.yaml":   printed(t, selection.Options{}),
		"../../config/webhook/namespaces.yaml": namespaces.Bytes(),
	} {
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not fresh; run go test ./pkg/selection -update (-want +got):\n%s", file, diff)
		}
	}
}

// What is printed says what was made, and never names caBundle.
func TestPrint(t *testing.T) {
	options := selection.Options{Revision: "1-2", Tags: []string{"123", "default"}, ByDefault: true, FailurePolicy: "Ignore", Authority: "a/b"}
	want, err := options.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	text := printed(t, options)
	var got []*admissionregistrationv1.MutatingWebhookConfiguration
	for document := range bytes.SplitSeq(text, []byte("---\n")) {
		configuration := new(admissionregistrationv1.MutatingWebhookConfiguration)
		if err := yaml.UnmarshalStrict(document, configuration); err != nil {
			t.Fatal(err)
		}
		got = append(got, configuration)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is printed is not what was made (-want +got):\n%s", diff)
	}
	if bytes.Contains(text, []byte("caBundle:")) {
		t.Error("caBundle is printed")
	}
}

func printed(t *testing.T, options selection.Options) []byte {
	t.Helper()
	configurations, err := options.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := selection.Print(&text, configurations...); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}
