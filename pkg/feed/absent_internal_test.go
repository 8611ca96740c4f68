package feed

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// lateKind is an API server of one kind, which its cluster serves or not. It
// answers within the process, so that waiting for it costs a test no time.
type lateKind struct {
	served atomic.Bool
	away   atomic.Bool        // the API server takes no calls
	gone   context.CancelFunc // ends the watches, as the API server does with a kind
	alive  context.Context
}

func (k *lateKind) install() {
	k.alive, k.gone = context.WithCancel(context.Background())
	k.served.Store(true)
}

func (k *lateKind) uninstall() {
	k.served.Store(false)
	k.gone()
}

func (k *lateKind) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.away.Load() {
		return nil, errors.New("connection refused")
	}
	status, body := http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
	answer := func(text string) { status, body = http.StatusOK, text }
	query := r.URL.Query()
	switch {
	case !k.served.Load() || !strings.HasSuffix(r.URL.Path, "/httproutes"):
	case query.Get("sendInitialEvents") != "":
		status, body = http.StatusUnprocessableEntity, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`
	case query.Get("watch") != "":
		return k.watch(r), nil
	default:
		answer(`{"kind":"HTTPRouteList","apiVersion":"gateway.networking.k8s.io/v1","metadata":{"resourceVersion":"1"},
			"items":[{"metadata":{"name":"x","namespace":"a"},"spec":{}}]}`)
	}
	return response(r, status, io.NopCloser(strings.NewReader(body))), nil
}

// watch brings nothing, until the kind goes or nobody listens any more.
func (k *lateKind) watch(r *http.Request) *http.Response {
	body, events := io.Pipe()
	context.AfterFunc(r.Context(), func() { events.Close() })
	context.AfterFunc(k.alive, func() { events.Close() })
	return response(r, http.StatusOK, body)
}

func response(to *http.Request, status int, body io.ReadCloser) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Body: body, Request: to,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// TestKindComesAndGoes checks that a kind which the cluster does not serve is
// empty, that it is read once it is served, and empty again when it no longer is.
func TestKindComesAndGoes(t *testing.T) {
	inBubble(t, func(ctx context.Context, cluster *lateKind, f *Feed) {
		awaitObjects(ctx, t, f, 0)
		cluster.install()
		awaitObjects(ctx, t, f, 1)
		cluster.uninstall()
		awaitObjects(ctx, t, f, 0)
		cluster.install()
		awaitObjects(ctx, t, f, 1)
		cluster.uninstall()
	})
}

// TestKindComesAfterAnOutage checks that an outage does not put off when a kind is noticed.
func TestKindComesAfterAnOutage(t *testing.T) {
	inBubble(t, func(ctx context.Context, cluster *lateKind, f *Feed) {
		cluster.away.Store(true)
		time.Sleep(2 * time.Minute)
		cluster.away.Store(false)
		awaitObjects(ctx, t, f, 0)
		time.Sleep(2 * time.Minute)
		cluster.install()
		installed := time.Now()
		awaitObjects(ctx, t, f, 1)
		if late := time.Since(installed); late > askAgain {
			t.Errorf("it was noticed after %s", late)
		}
		cluster.uninstall()
	})
}

// inBubble runs a feed of one kind, by a clock of its own.
func inBubble(t *testing.T, do func(context.Context, *lateKind, *Feed)) {
	t.Helper()
	// They wait between errors, by a clock that all tests share.
	handlers := utilruntime.ErrorHandlers
	utilruntime.ErrorHandlers = nil
	defer func() { utilruntime.ErrorHandlers = handlers }()
	synctest.Test(t, func(t *testing.T) {
		var cluster lateKind
		f, err := New(&rest.Config{Transport: &cluster, QPS: -1}, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		from, _ := sourceOf(mesh.KindHTTPRoute)
		f.stores = []*store{{source: from, feed: f}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // of the bubble's time
		defer cancel()
		go f.Start(ctx) //nolint:errcheck // it returns none
		do(ctx, &cluster, f)
	})
}

// awaitObjects waits until there are so many objects.
func awaitObjects(ctx context.Context, t *testing.T, f *Feed, want int) {
	t.Helper()
	for f.Ready() != nil || f.Snapshot().Len() != want {
		if _, _, err := f.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
