package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector sends spans by OTLP over HTTP. The client that comes with the exporter links
// gRPC even for that.
type collector struct{ url string }

// Start does nothing: each batch is a request of its own.
func (c *collector) Start(context.Context) error { return nil }

// Stop does nothing.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces sends a batch. One that the collector does not take is lost: traces are not
// worth memory.
func (c *collector) UploadTraces(ctx context.Context, spans []*traces.ResourceSpans) error {
	// Read as an ExportTraceServiceRequest, whose only field this is.
	body, err := proto.Marshal(&traces.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answers %s", response.Status)
	}
	return nil
}
