package admit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/tools/txtar"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/manifest"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

var update = flag.Bool("update", false, "rewrite the wanted answers")

// TestReviews sends the request of each archive in testdata to the webhooks:
//
//	stored.yaml   what the watches have brought
//	live.yaml     what the API server has by now, if that is not the same
//	unreachable   present where the API server does not answer a live read
//	terminating   namespaces that are being deleted
//	labels        labels of namespaces: NAMESPACE KEY=VALUE
//	config.yaml   the configuration, if it is not the default
//	late          present where there is no time left; where it says "judge" or
//	              "confirm", the time runs out while that is done
//	full          present where every slot is taken; "queue" where all places to wait
//	              are, too
//	unknown       present where the mesh, and the injector's configuration, were not
//	              read yet
//	heavy         present where a made-up rule holds a weight over 50 for an error
//	request       method and path, then headers, then a blank line and a body,
//	              which is turned into JSON where its name is request.yaml
//	want          the status and the answer
//	told          what controllers of pods are told
//	counted       the metrics afterwards, if the case is about them
func TestReviews(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			with := settingsBy(t, archive, prometheus.NewRegistry())
			server := httptest.NewTLSServer(late(archive, storedBy(t, archive), func(stored admit.Stored) http.Handler {
				return webhooks(t, stored, with)
			}))
			defer server.Close()
			got, counted := exchange(t, server, archive), counts(t, with.registry)
			if file(archive, "counted") == nil {
				counted = ""
			}
			if *update {
				put(archive, "want", got)
				if file(archive, "told") != nil {
					put(archive, "told", with.told.String())
				}
				if counted != "" {
					put(archive, "counted", counted)
				}
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(file(archive, "want")), got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(string(file(archive, "told")), with.told.String()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(string(file(archive, "counted")), counted); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// settings are how the webhooks are set up.
type settings struct {
	config   *policy.Config
	slots    int
	queue    int
	known    func() error
	rules    []*rule.Rule
	registry *prometheus.Registry
	told     *diary
	log      *slog.Logger
}

// diary keeps what is told of objects.
type diary struct{ strings.Builder }

func (d *diary) Tell(namespace string, object metav1.OwnerReference, reason, message string) {
	fmt.Fprintf(d, "%s %s/%s (%s) %s: %s\n", object.Kind, namespace, object.Name, object.UID, reason, message)
}

func defaults() settings {
	return settings{config: policy.Default(ruleNames()), slots: 1, queue: 1, known: known, rules: []*rule.Rule{rules.HostClaimedTwice, rules.UndefinedSubset, rules.UnknownHost, rules.ZeroWeights}, registry: prometheus.NewRegistry(), told: &diary{}, log: slog.New(slog.DiscardHandler)}
}

func ruleNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	return names
}

func settingsBy(t *testing.T, archive *txtar.Archive, registry *prometheus.Registry) settings {
	t.Helper()
	s := defaults()
	s.registry = registry
	if text := file(archive, "config.yaml"); text != nil {
		var err error
		if s.config, err = policy.Parse(text, ruleNames()); err != nil {
			t.Fatal(err)
		}
	}
	if full := file(archive, "full"); full != nil {
		s.slots = 0
		if strings.TrimSpace(string(full)) == "queue" {
			s.queue = 0
		}
	}
	if file(archive, "unknown") != nil {
		s.known = func() error { return errors.New("not read yet: VirtualService") }
	}
	if file(archive, "heavy") != nil {
		s.rules = append(s.rules, heavy)
	}
	return s
}

// heavy finds what none of our rules does: a fault that changed weights bring in.
var heavy = &rule.Rule{
	Name:     "heavy",
	Severity: rule.Error,
	On:       mesh.SubjectHost,
	Doc:      rule.Doc{Title: "Heavy", Why: "It is.", Fix: "Less."},
	Run: func(p *rule.Pass) {
		for _, target := range p.Mesh.Host(p.Key.Name).Targets() {
			if target.Weight > 50 {
				var everyone mesh.Viewpoints
				everyone.Set(mesh.Viewpoint{}, true)
				p.Report(rule.Finding{Object: target.Object(), Path: target.Path(), About: target.Subset, Message: "heavy", Viewpoints: everyone, Fix: "less"})
			}
		}
	},
}

// late makes requests run out of time where a case asks for it, without a clock:
// before they are judged, or when what they are to be judged by has been taken.
func late(archive *txtar.Archive, stored *stored, webhooks func(admit.Stored) http.Handler) http.Handler {
	when := file(archive, "late")
	handler := webhooks(stored)
	if when == nil {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		switch strings.TrimSpace(string(when)) {
		case "judge":
			stored.taken = cancel
		case "confirm":
			stored.read = cancel
		default:
			cancel()
		}
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
}

// counts are the counters, as Prometheus reads them.
func counts(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetCounter() == nil {
				continue
			}
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			fmt.Fprintf(&b, "%s %s %v\n", family.GetName(), strings.Join(labels, " "), metric.GetCounter().GetValue())
		}
	}
	return b.String()
}

func webhooks(t testing.TB, stored admit.Stored, with settings) http.Handler {
	t.Helper()
	engine, err := validate.New(with.rules...)
	if err != nil {
		t.Fatal(err)
	}
	injector, err := mutate.New(mutate.Config{NativeSidecars: true})
	if err != nil {
		t.Fatal(err)
	}
	metrics := admit.NewMetrics(with.registry)
	log := with.log
	config := func() *policy.Config { return with.config }
	mux := http.NewServeMux()
	for name, reviewer := range map[string]admit.Reviewer{
		"inject":   &admit.Pods{Injector: func() *mutate.Injector { return injector }, Namespace: func(string) *metav1.ObjectMeta { return nil }, Events: with.told},
		"validate": &admit.Routing{Engine: engine, Stored: stored, Policy: config, Metrics: metrics, Log: log},
		"panic":    panicking{},
	} {
		mux.Handle("/"+name, &admit.Handler{Name: name, Reviewer: reviewer, Known: with.known, Policy: config, Slots: admit.NewSlots(with.slots, with.queue), Metrics: metrics, Log: log})
	}
	return mux
}

func known() error { return nil }

type panicking struct{}

func (panicking) Review(_ context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	panic("a fault of ours, of " + string(request.Object.Raw))
}

func (panicking) Late(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

func (panicking) Unknown(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

// stored stands in for the feed, of which the faults cannot be provoked: a watch
// that lags, and an API server that does not answer.
type stored struct {
	known, live *mesh.Snapshot
	terminating []string
	labels      map[string]map[string]string
	taken       func() // called when the snapshot is taken
	read        func() // called when the API server is read
}

func (s *stored) Snapshot() *mesh.Snapshot {
	if s.taken != nil {
		s.taken()
	}
	return s.known
}

func (s *stored) NamespaceLabels(namespace string) map[string]string { return s.labels[namespace] }

// Fresh brings the live state of the namespaces that it is asked for, and of no other.
func (s *stored) Fresh(_ context.Context, namespaces []string) (*mesh.Snapshot, error) {
	if s.read != nil {
		s.read()
	}
	if s.live == nil {
		return nil, errors.New("the API server does not answer")
	}
	fresh := s.known
	for _, kind := range []mesh.Kind{mesh.KindDestinationRule, mesh.KindService, mesh.KindServiceEntry, mesh.KindVirtualService} {
		for _, namespace := range namespaces {
			for gone := range s.known.Objects(kind, namespace) {
				fresh = fresh.Apply(mesh.Change{Old: gone})
			}
			for there := range s.live.Objects(kind, namespace) {
				fresh = fresh.Apply(mesh.Change{New: there})
			}
		}
	}
	return fresh, nil
}

func (s *stored) Terminating(namespace string) bool {
	return slices.Contains(s.terminating, namespace)
}

func storedBy(t testing.TB, archive *txtar.Archive) *stored {
	s := &stored{known: snapshot(t, file(archive, "stored.yaml"))}
	s.live = s.known
	if live := file(archive, "live.yaml"); live != nil {
		s.live = snapshot(t, live)
	}
	if file(archive, "unreachable") != nil {
		s.live = nil
	}
	s.terminating = strings.Fields(string(file(archive, "terminating")))
	s.labels = map[string]map[string]string{}
	for line := range strings.Lines(string(file(archive, "labels"))) {
		namespace, label, _ := strings.Cut(strings.TrimSpace(line), " ")
		key, value, ok := strings.Cut(label, "=")
		if !ok {
			t.Fatalf("no label: %s", line)
		}
		if s.labels[namespace] == nil {
			s.labels[namespace] = map[string]string{}
		}
		s.labels[namespace][key] = value
	}
	return s
}

func snapshot(t testing.TB, data []byte) *mesh.Snapshot {
	t.Helper()
	set, err := manifest.Reader{Namespace: "default", Stdin: bytes.NewReader(data)}.Read("-")
	if err != nil {
		t.Fatal(err)
	}
	settings := mesh.DefaultConfig()
	settings.Complete = true
	s := mesh.Empty(settings)
	for _, object := range set.Objects {
		s = s.Apply(mesh.Change{New: object})
	}
	return s
}

func exchange(t *testing.T, server *httptest.Server, archive *txtar.Archive) string {
	t.Helper()
	request := string(file(archive, "request"))
	isYAML := request == ""
	if isYAML {
		request = string(file(archive, "request.yaml"))
	}
	head, body, _ := strings.Cut(request, "\n\n")
	first, headers, _ := strings.Cut(head, "\n")
	method, path, _ := strings.Cut(first, " ")
	if isYAML {
		converted, err := yaml.YAMLToJSON([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		body = string(converted)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for header := range strings.SplitSeq(headers, "\n") {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%s", response.Status, readable(t, response, answer))
}

// readable is an answer as a person would read it, the patch by its paths.
func readable(t *testing.T, response *http.Response, answer []byte) string {
	t.Helper()
	if response.StatusCode != http.StatusOK {
		return string(answer)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(answer, &review); err != nil {
		t.Fatal(err)
	}
	var operations []struct{ Op, Path string }
	if review.Response.Patch != nil {
		if err := json.Unmarshal(review.Response.Patch, &operations); err != nil {
			t.Fatal(err)
		}
		review.Response.Patch = nil
	}
	text, err := yaml.Marshal(review)
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range operations {
		text = fmt.Appendf(text, "%s %s\n", operation.Op, operation.Path)
	}
	return string(text)
}

// TestSlotsAreGivenBack sends one request after another through a single slot.
func TestSlotsAreGivenBack(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/panic.txtar")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(webhooks(t, storedBy(t, archive), defaults()))
	defer server.Close()
	for range 3 {
		if diff := cmp.Diff(string(file(archive, "want")), exchange(t, server, archive)); diff != "" {
			t.Fatalf("answer (-want +got):\n%s", diff)
		}
	}
}

func TestTooLarge(t *testing.T) {
	server := httptest.NewTLSServer(webhooks(t, &stored{}, defaults()))
	defer server.Close()
	body := bytes.Repeat([]byte(" "), 8<<20)
	response, err := server.Client().Post(server.URL+"/validate", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 8 MiB is answered with %s", response.Status)
	}
}

// FuzzHandler sends anything at all: the answer is a refusal that says why, or a
// review with the UID of the request.
func FuzzHandler(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(file(archive, "request.yaml")), "\n\n")
		if seed, err := yaml.YAMLToJSON([]byte(body)); err == nil {
			f.Add(seed, strings.HasPrefix(string(file(archive, "request.yaml")), "POST /inject"))
		}
	}
	handler := webhooks(f, &stored{known: snapshot(f, nil), live: snapshot(f, nil)}, defaults())
	f.Fuzz(func(t *testing.T, body []byte, pods bool) {
		path := "/validate"
		if pods {
			path = "/inject"
		}
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 400 && w.Code < 500 && w.Body.Len() > 0 {
			return
		}
		var sent, got admissionv1.AdmissionReview
		if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &got) != nil || json.Unmarshal(body, &sent) != nil {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if got.Response.UID != sent.Request.UID {
			t.Fatalf("the answer to %q is for %q", sent.Request.UID, got.Response.UID)
		}
	})
}

func file(archive *txtar.Archive, name string) []byte {
	for _, f := range archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func put(archive *txtar.Archive, name, data string) {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(data)
			return
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(data)})
}
