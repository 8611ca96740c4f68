package feed

import (
	"context"
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
	status, body := http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
	answer := func(text string) { status, body = http.StatusOK, text }
	query := r.URL.Query()
	switch path := r.URL.Path; {
	case path == "/api":
		answer(`{"kind":"APIVersions","versions":["v1"]}`)
	case !k.served.Load():
	case path == "/apis":
		answer(`{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"gateway.networking.k8s.io",
			"versions":[{"groupVersion":"gateway.networking.k8s.io/v1","version":"v1"}]}]}`)
	case path == "/apis/gateway.networking.k8s.io/v1":
		answer(`{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"gateway.networking.k8s.io/v1",
			"resources":[{"name":"httproutes","namespaced":true,"kind":"HTTPRoute","verbs":["list","watch"]}]}`)
	case !strings.HasSuffix(path, "/httproutes"):
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
		holds := func(want int) {
			t.Helper()
			for got := -1; got != want; {
				now, _, err := f.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				got = now.Len()
			}
		}
		holds(0)
		cluster.install()
		holds(1)
		cluster.uninstall()
		holds(0)
		cluster.install()
		holds(1)
		cluster.uninstall()
	})
}
