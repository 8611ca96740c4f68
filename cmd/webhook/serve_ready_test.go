package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// part is ready unless there is an error.
type part struct{ err error }

func (p *part) Ready() error { return p.err }

// However often a replica is probed, its log says once why it is not ready, and once that
// it is.
func TestReadinessIsSaidOnce(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	theirs := logr.New(withoutProbes{logr.FromSlogHandler(log.Handler()).GetSink()})

	mesh, injector := &part{errors.New("not read")}, &part{}
	handler := &healthz.Handler{Checks: make(map[string]healthz.Checker)}
	r := newReadiness(map[string]known{"mesh": mesh, "injector": injector}, log)
	if err := r.addTo(func(name string, check healthz.Checker) error { handler.Checks[name] = check; return nil }); err != nil {
		t.Fatal(err)
	}
	probe := func(wanted int) {
		t.Helper()
		for range 20 {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
			if answer.Code != wanted {
				t.Errorf("got %d, want %d: %s", answer.Code, wanted, answer.Body)
			}
		}
	}
	probe(500)
	mesh.err = errors.New("half read")
	probe(500)
	mesh.err = nil
	probe(200)
	injector.err = errors.New("no values")
	probe(500)
	injector.err = nil
	probe(200)
	theirs.WithName("controller-runtime").WithName(probeLogger).Info("healthz check failed")
	theirs.WithName("another").Info("said") // what does not answer probes is heard

	const want = `level=INFO msg="not ready" check=mesh reason="not read"
level=INFO msg="not ready" check=mesh reason="half read"
level=INFO msg=ready
level=INFO msg="not ready" check=injector reason="no values"
level=INFO msg=ready
level=INFO msg=said logger=another
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(text.String(), "\n")); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// withoutTime leaves out what differs each time.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
