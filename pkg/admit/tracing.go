package admit

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	admissionv1 "k8s.io/api/admission/v1"
)

// tracerName is the scope that spans are of.
const tracerName = "github.com/meshward/meshward/pkg/admit"

// What spans say of a review. Nothing of the object is among it but its place.
const (
	attributeWebhook   = attribute.Key("meshward.webhook")
	attributeUID       = attribute.Key("meshward.uid")
	attributeOperation = attribute.Key("meshward.operation")
	attributeKind      = attribute.Key("meshward.kind")
	attributeNamespace = attribute.Key("k8s.namespace.name")
	attributeDryRun    = attribute.Key("meshward.dry_run")
	attributeAllowed   = attribute.Key("meshward.allowed")
	attributeOutcome   = attribute.Key("meshward.outcome")
	attributeReason    = attribute.Key("meshward.reason")
	attributeRules     = attribute.Key("meshward.rules")
	attributeStatus    = attribute.Key("http.response.status_code")
)

// Traced has a span made for each request to a webhook, below the one that the API server
// names in its header if it does. Without a provider nothing stands between the API server
// and the handler.
func Traced(provider trace.TracerProvider, webhook string, next http.Handler) http.Handler {
	if provider == nil {
		return next
	}
	tracer := provider.Tracer(tracerName)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, "review "+webhook, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributeWebhook.String(webhook)))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// startSpan starts a span below that of ctx, and none where there is none.
func startSpan(ctx context.Context, name string) (context.Context, trace.Span) {
	return trace.SpanFromContext(ctx).TracerProvider().Tracer(tracerName).Start(ctx, name)
}

// describe says in the span of ctx what was asked and answered.
func describe(ctx context.Context, request *admissionv1.AdmissionRequest, response *admissionv1.AdmissionResponse, refused *refusal) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attributeUID.String(string(request.UID)),
		attributeOperation.String(string(request.Operation)),
		attributeKind.String(request.Kind.Kind),
		attributeNamespace.String(request.Namespace),
		attributeDryRun.Bool(request.DryRun != nil && *request.DryRun),
	)
	if refused != nil {
		span.SetAttributes(attributeStatus.Int(refused.status))
		span.SetStatus(codes.Error, http.StatusText(refused.status))
		return
	}
	span.SetAttributes(
		attributeAllowed.Bool(response.Allowed),
		attributeOutcome.String(outcome(response)),
		attributeStatus.Int(http.StatusOK),
	)
	if reason := reasonOf(response); reason != "" {
		span.SetAttributes(attributeReason.String(reason))
	}
	if rules := response.AuditAnnotations["rules"]; rules != "" {
		span.SetAttributes(attributeRules.String(rules))
	}
}
