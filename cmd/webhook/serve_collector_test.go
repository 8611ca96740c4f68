package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// TestSpansAreSent sends a span to a collector that reads it, and one to a collector that
// does not want it.
func TestSpansAreSent(t *testing.T) {
	var got traces.TracesData
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%v: %s with %s", err, r.URL, r.Header)
		}
		if err := proto.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	exporter, err := otlptrace.New(t.Context(), &collector{url: server.URL + "/v1/traces"})
	if err != nil {
		t.Fatal(err)
	}
	var ended sdk.ReadOnlySpan
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(keep{into: &ended}))
	_, span := provider.Tracer("test").Start(t.Context(), "review inject")
	span.End()
	if err := exporter.ExportSpans(t.Context(), []sdk.ReadOnlySpan{ended}); err != nil {
		t.Fatal(err)
	}
	if name := got.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0].GetName(); name != "review inject" {
		t.Errorf("the collector reads %q", name)
	}
	status = http.StatusServiceUnavailable
	if err := exporter.ExportSpans(t.Context(), []sdk.ReadOnlySpan{ended}); err == nil {
		t.Error("no error says that the collector took nothing")
	}
}

// keep keeps the last span.
type keep struct {
	sdk.SpanProcessor

	into *sdk.ReadOnlySpan
}

func (keep) OnStart(context.Context, sdk.ReadWriteSpan) {}

func (k keep) OnEnd(span sdk.ReadOnlySpan) { *k.into = span }
