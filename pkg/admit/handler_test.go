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
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/manifest"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rules"
)

var update = flag.Bool("update", false, "rewrite the wanted answers")

// TestReviews sends the request of each archive in testdata to the webhooks:
//
//	stored.yaml   what the watches have brought
//	live.yaml     what the API server has by now, if that is not the same
//	unreachable   present where the API server does not answer a live read
//	terminating   namespaces that are being deleted
//	request       method and path, then headers, then a blank line and a body,
//	              which is turned into JSON where its name is request.yaml
//	want          the status and the answer
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
			server := httptest.NewTLSServer(webhooks(t, storedBy(t, archive)))
			defer server.Close()
			got := exchange(t, server, archive)
			if *update {
				put(archive, "want", got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(file(archive, "want")), got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func webhooks(t testing.TB, stored admit.Stored) http.Handler {
	t.Helper()
	engine, err := validate.New(rules.All()...)
	if err != nil {
		t.Fatal(err)
	}
	injector, err := mutate.New(mutate.Config{NativeSidecars: true})
	if err != nil {
		t.Fatal(err)
	}
	metrics := admit.NewMetrics(prometheus.NewRegistry())
	log := slog.New(slog.DiscardHandler)
	mux := http.NewServeMux()
	mux.Handle("/inject", &admit.Handler{Name: "inject", Reviewer: &admit.Pods{Injector: injector}, Metrics: metrics, Log: log})
	mux.Handle("/validate", &admit.Handler{Name: "validate", Reviewer: &admit.Routing{Engine: engine, Stored: stored, Log: log}, Metrics: metrics, Log: log})
	mux.Handle("/panic", &admit.Handler{Name: "panic", Reviewer: panicking{}, Metrics: metrics, Log: log})
	return mux
}

type panicking struct{}

func (panicking) Review(context.Context, *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	panic("a fault of ours")
}

// stored stands in for the feed, of which the faults cannot be provoked: a watch
// that lags, and an API server that does not answer.
type stored struct {
	known, live *mesh.Snapshot
	terminating []string
}

func (s *stored) Snapshot() *mesh.Snapshot { return s.known }

// Fresh brings the live state of the namespaces that it is asked for, and of no other.
func (s *stored) Fresh(_ context.Context, namespaces []string) (*mesh.Snapshot, error) {
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

func TestTooLarge(t *testing.T) {
	server := httptest.NewTLSServer(webhooks(t, &stored{}))
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
	handler := webhooks(f, &stored{known: snapshot(f, nil), live: snapshot(f, nil)})
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
