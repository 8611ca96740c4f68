package admit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/tools/txtar"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/policy"
)

// BenchmarkReview answers one review of each sort, HTTP body to HTTP body. The first pod
// of each workload has its templates rendered and read, and those that follow have not;
// those of a StatefulSet, which have names, are rendered, and what comes of it is known.
// Beside them stands a webhook that does nothing but read the pod: what none can do without.
func BenchmarkReview(b *testing.B) {
	for _, name := range []string{"route-allowed", "route-denied"} {
		b.Run(name, func(b *testing.B) {
			path, body, handler := review(b, name)
			b.ReportAllocs()
			for b.Loop() {
				answer(b, handler, path, body)
			}
		})
	}
	path, body, handler := review(b, "pod-injected")
	for name, unlike := range map[string][2]string{
		"pod-injected":       {"kube-api-access-7xq2p", "kube-api-access-%05d"},
		"pod-injected-first": {`"name":"web"`, `"name":"web-%d"`},
		"pod-injected-named": {`"generateName":"web-"`, `"generateName":"db-","name":"db-%d",` +
			`"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"1","controller":true}]`},
	} {
		b.Run(name, func(b *testing.B) {
			bodies := variants(body, unlike[0], unlike[1])
			b.ReportAllocs()
			for b.Loop() {
				answer(b, handler, path, bodies[turn%len(bodies)])
				turn++
			}
		})
	}
	b.Run("pod-no-op", func(b *testing.B) {
		doNothing := &admit.Handler{
			Name: "no-op", Reviewer: readOnly{}, Known: known, Policy: func() *policy.Config { return defaults().config },
			Slots: admit.NewSlots(1, 0), Metrics: admit.NewMetrics(prometheus.NewRegistry()), Log: slog.New(slog.DiscardHandler),
		}
		b.ReportAllocs()
		for b.Loop() {
			answer(b, doNothing, path, body)
		}
	})
}

// turn goes on from one run to the next, which would else begin with the pods that the one
// before has just had remembered.
var turn int

// variants are reviews of so many pods that each is forgotten by the time its turn comes
// again.
func variants(body []byte, from, to string) [][]byte {
	bodies := make([][]byte, 2000)
	for i := range bodies {
		bodies[i] = bytes.ReplaceAll(body, []byte(from), fmt.Appendf(nil, to, i))
	}
	return bodies
}

// readOnly reads the pod of a request and lets it through.
type readOnly struct{}

func (readOnly) Review(_ context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	var pod corev1.Pod
	if err := json.Unmarshal(request.Object.Raw, &pod); err != nil {
		panic(err)
	}
	return &admissionv1.AdmissionResponse{Allowed: true}
}

func (readOnly) Late(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

func (readOnly) Unknown(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

// review returns the request of a case, and what answers it.
func review(b *testing.B, name string) (path string, body []byte, handler http.Handler) {
	b.Helper()
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		b.Fatal(err)
	}
	head, text, _ := strings.Cut(string(file(archive, "request.yaml")), "\n\n")
	first, _, _ := strings.Cut(head, "\n")
	if body, err = yaml.YAMLToJSON([]byte(text)); err != nil {
		b.Fatal(err)
	}
	return strings.TrimPrefix(first, "POST "), body, webhooks(b, storedBy(b, archive), defaults())
}

func answer(b *testing.B, handler http.Handler, path string, body []byte) {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := unread{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(&w, r)
	if w.status != http.StatusOK {
		b.Fatalf("status %d", w.status)
	}
}

// unread is an answer that costs nothing to take, however long it is: a server writes it to
// a connection.
type unread struct {
	header http.Header
	status int
}

func (u *unread) Header() http.Header            { return u.header }
func (u *unread) Write(text []byte) (int, error) { return len(text), nil }
func (u *unread) WriteHeader(status int)         { u.status = status }
