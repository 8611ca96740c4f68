package admit_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/meshward/meshward/pkg/admit"
)

// TestSpans traces a denial that was looked at once more, an allowed change and an overload,
// below the span that the API server names.
func TestSpans(t *testing.T) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	const denied = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","namespace":"a","name":"n",
		"kind":{"group":"networking.istio.io","version":"v1","kind":"VirtualService"},
		"object":{"metadata":{"name":"n","namespace":"a","annotations":{"a":"s3cr3t"}},"spec":{"hosts":["x"],"http":[{"route":[{"destination":{"host":"x","subset":"s3cr3t"}}]}]}}}}`
	for name, c := range map[string]struct {
		body  string
		slots int
		want  []string
	}{
		"denied": {denied, 1, []string{
			"live re-check: meshward.outcome=confirmed",
			"review validate: http.response.status_code=200 k8s.namespace.name=a meshward.allowed=false meshward.dry_run=false meshward.kind=VirtualService" +
				" meshward.operation=CREATE meshward.outcome=denied meshward.rules=undefined-subset meshward.uid=u meshward.webhook=validate",
		}},
		"allowed": {strings.Replace(denied, `"subset":"s3cr3t"`, `"subset":"v1"`, 1), 1, []string{
			"review validate: http.response.status_code=200 k8s.namespace.name=a meshward.allowed=true meshward.dry_run=false meshward.kind=VirtualService" +
				" meshward.operation=CREATE meshward.outcome=allowed meshward.uid=u meshward.webhook=validate",
		}},
		"pod": {strings.ReplaceAll(denied, "validate", "inject"), 0, []string{
			"review inject: Error Too Many Requests http.response.status_code=429 k8s.namespace.name=a meshward.dry_run=false meshward.kind=VirtualService" +
				" meshward.operation=CREATE meshward.uid=u meshward.webhook=inject",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := tracetest.NewSpanRecorder()
			provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder))
			with, webhook := defaults(), "validate"
			with.slots = c.slots
			if c.slots == 0 {
				webhook, with.queue = "inject", 0
			}
			known := snapshot(t, []byte(brokenByAnyRoute))
			handler := admit.Traced(provider, webhook, webhooks(t, &stored{known: known, live: known}, with))
			r := httptest.NewRequest(http.MethodPost, "/"+webhook, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Traceparent", parent)
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if diff := cmp.Diff(c.want, spans(t, recorder)); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// spans are the spans that have ended, a line each, all of the trace that was asked for.
func spans(t *testing.T, recorder *tracetest.SpanRecorder) []string {
	t.Helper()
	var texts []string
	for _, span := range recorder.Ended() {
		if got := span.SpanContext().TraceID().String(); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("%s is of the trace %s", span.Name(), got)
		}
		text := span.Name() + ":"
		if status := span.Status(); status.Description != "" {
			text += " " + status.Code.String() + " " + status.Description
		}
		attributes := map[string]string{}
		for _, attribute := range span.Attributes() {
			attributes[string(attribute.Key)] = attribute.Value.String()
		}
		for _, key := range slices.Sorted(maps.Keys(attributes)) {
			text += " " + key + "=" + attributes[key]
		}
		texts = append(texts, text)
	}
	return texts
}

// TestNoTracesCostNothing holds that without a provider nothing is put in between.
func TestNoTracesCostNothing(t *testing.T) {
	mux := http.NewServeMux()
	if got := admit.Traced(nil, "inject", mux); got != http.Handler(mux) {
		t.Errorf("a %T is put before the handler", got)
	}
}
