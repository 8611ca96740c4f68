package inject_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/test/oracle/inject"
	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// BenchmarkWebhook answers reviews of pods, HTTP body to HTTP body: Istio's handler, ours
// with Istio's own templates, and ours with the template that it brings along. The pods are
// alike, as those of a Deployment, or each is the first of its workload.
func BenchmarkWebhook(b *testing.B) {
	f, err := files.Of("untouched", true)
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := istio.Handler(f)
	if err != nil {
		b.Fatal(err)
	}
	ours, err := inject.Product{}.Injector(f)
	if err != nil {
		b.Fatal(err)
	}
	embedded, err := mutate.New(mutate.Config{NativeSidecars: true})
	if err != nil {
		b.Fatal(err)
	}
	for _, side := range []struct {
		name    string
		handler http.Handler
	}{{"istio", theirs}, {"meshward", webhook(ours)}, {"embedded", webhook(embedded)}} {
		for name, bodies := range reviews(b) {
			b.Run(side.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for turn := 0; b.Loop(); turn++ {
					answer(b, side.handler, bodies[turn%len(bodies)])
				}
			})
		}
	}
}

// webhook is meshward's handler.
func webhook(with *mutate.Injector) http.Handler {
	config := policy.Default(nil)
	return &admit.Handler{
		Name: "inject",
		Reviewer: &admit.Pods{
			Injector:  func() *mutate.Injector { return with },
			Namespace: func(string) *metav1.ObjectMeta { return nil },
		},
		Known:   func() error { return nil },
		Policy:  func() *policy.Config { return config },
		Slots:   admit.NewSlots(1, 0),
		Metrics: admit.NewMetrics(prometheus.NewRegistry()),
		Log:     slog.New(slog.DiscardHandler),
	}
}

// reviews are of one pod, and of pods of so many workloads that each is forgotten by the
// time its turn comes again.
func reviews(b *testing.B) map[string][][]byte {
	b.Helper()
	pod := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-1-","labels":{"app":"web","pod-template-hash":"1"},
"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"1","controller":true}]},
"spec":{"containers":[{"name":"web","image":"web","ports":[{"containerPort":8080}],"readinessProbe":{"httpGet":{"path":"/ready","port":8080}}}]}}`)
	bodies := map[string][][]byte{"alike": {body(b, pod)}}
	for i := range 2000 {
		bodies["first"] = append(bodies["first"], body(b, bytes.ReplaceAll(pod, []byte(`"web`), fmt.Appendf(nil, `"web%d`, i))))
	}
	return bodies
}

func body(b *testing.B, pod []byte) []byte {
	b.Helper()
	text, err := inject.Review(&gen.Request{Pod: pod, Namespace: "default"})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func answer(b *testing.B, handler http.Handler, body []byte) {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, "/inject", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"patchType":"JSONPatch"`)) {
		b.Fatalf("status %d: %s", w.Code, w.Body)
	}
}
