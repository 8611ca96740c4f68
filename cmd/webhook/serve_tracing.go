package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/meshward/meshward/pkg/admit"
)

// tracingFlags say where spans of reviews are sent.
type tracingFlags struct {
	endpoint string
	sampling float64
}

func (f *tracingFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.endpoint, "tracing-endpoint", "", "collector that traces of reviews are sent to by OTLP over HTTP, as http://HOST:4318/v1/traces (default: no traces)")
	flags.Float64Var(&f.sampling, "tracing-sampling", 1, "part of the reviews that is traced, from 0 to 1, where the API server does not say which")
}

func (f *tracingFlags) check() error {
	if f.sampling < 0 || f.sampling > 1 {
		return fmt.Errorf("--tracing-sampling is %v; it must be from 0 to 1", f.sampling)
	}
	if f.endpoint == "" {
		return nil
	}
	// It is not quoted: it may hold a password.
	at, err := url.Parse(f.endpoint)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return errors.New("--tracing-endpoint is no URL like http://collector.observability:4318/v1/traces")
	}
	return nil
}

// open prepares what makes spans and sends them while m runs; it is nil where nobody wants
// any. A collector that is away costs spans and no review.
func (f *tracingFlags) open(ctx context.Context, m manager.Manager, log *slog.Logger) (trace.TracerProvider, error) {
	if f.endpoint == "" {
		return nil, nil //nolint:nilnil // no traces is no error
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("traces could not be sent", "error", err)
	}))
	exporter, err := otlptrace.New(ctx, &collector{url: f.endpoint})
	if err != nil {
		return nil, fmt.Errorf("--tracing-endpoint: %w", err)
	}
	self, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "meshward"), attribute.String("service.version", version())),
		resource.WithHost(),
		resource.WithFromEnv(), // OTEL_RESOURCE_ATTRIBUTES adds to it
	)
	if err != nil {
		return nil, fmt.Errorf("traces cannot say where they are from: %w", err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithResource(self),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(f.sampling))),
	)
	return provider, m.Add(lastSpans{provider})
}

// behind has reviews traced that a gate lets through.
func behind(gate func(http.Handler) http.Handler, spans trace.TracerProvider) func(string, http.Handler) http.Handler {
	return func(webhook string, next http.Handler) http.Handler {
		return gate(admit.Traced(spans, webhook, next))
	}
}

// lastSpans sends at the end what was not sent yet. It needs no leader.
type lastSpans struct{ provider *sdk.TracerProvider }

// lastSpansWithin bounds how long that may take.
const lastSpansWithin = 3 * time.Second

func (l lastSpans) Start(ctx context.Context) error {
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpansWithin)
	defer cancel()
	return l.provider.Shutdown(ctx)
}

func (l lastSpans) NeedLeaderElection() bool { return false }
