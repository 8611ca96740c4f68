package admit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/policy"
)

// patient reviews for as long as it is told to.
type patient struct{ begun, end chan struct{} }

func (p patient) Review(context.Context, *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	p.begun <- struct{}{}
	<-p.end
	return &admissionv1.AdmissionResponse{Allowed: true}
}

func (patient) Late(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

func (patient) Unknown(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }

// TestQueue has one review worked on and one waiting: the next is refused at once, and
// those two are answered.
func TestQueue(t *testing.T) {
	registry := prometheus.NewRegistry()
	slots := admit.NewSlots(1, 1)
	slots.Register(registry, "test")
	reviewer := patient{begun: make(chan struct{}), end: make(chan struct{})}
	server := httptest.NewTLSServer(&admit.Handler{
		Name: "test", Reviewer: reviewer, Known: known, Policy: func() *policy.Config { return defaults().config },
		Slots: slots, Metrics: admit.NewMetrics(registry), Log: slog.New(slog.DiscardHandler),
	})
	defer server.Close()
	answers := make(chan int, 2)
	ask := func() int {
		const body = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1"}}`
		response, err := server.Client().Post(server.URL, "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	go func() { answers <- ask() }()
	<-reviewer.begun
	go func() { answers <- ask() }()
	for !strings.Contains(gauges(t, registry), "meshward_admission_waiting test 1\n") {
	}
	if got := ask(); got != http.StatusTooManyRequests {
		t.Errorf("one too many is answered with %d", got)
	}
	if want := "meshward_admission_waiting test 1\nmeshward_admission_working test 1\n"; gauges(t, registry) != want {
		t.Errorf("got %s, want %s", gauges(t, registry), want)
	}
	reviewer.end <- struct{}{}
	<-reviewer.begun
	reviewer.end <- struct{}{}
	for range 2 {
		if got := <-answers; got != http.StatusOK {
			t.Errorf("answered with %d", got)
		}
	}
	if got := gauges(t, registry); !strings.HasPrefix(got, "meshward_admission_waiting test 0\n") {
		t.Errorf("got %s", got)
	}
}

func gauges(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetGauge() != nil {
				fmt.Fprintf(&b, "%s %s %v\n", family.GetName(), metric.GetLabel()[0].GetValue(), metric.GetGauge().GetValue())
			}
		}
	}
	return b.String()
}
