package balancer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/meshward/meshward/test/live/balancer"
)

// served is a backend that says its name.
type served struct {
	balancer.Backend
	ready  atomic.Bool
	server *httptest.Server
}

func serve(t *testing.T, name string) *served {
	t.Helper()
	s := &served{}
	s.ready.Store(true)
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" && !s.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, name)
	}))
	t.Cleanup(s.server.Close)
	s.Backend = balancer.Backend{Address: s.server.Listener.Addr().String(), Ready: s.server.URL + "/readyz"}
	return s
}

func listen(t *testing.T) *balancer.Balancer {
	t.Helper()
	b, err := balancer.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func add(t *testing.T, b *balancer.Balancer, s *served) {
	t.Helper()
	b.Add(s.Backend)
	await(t, b, s, true)
}

func await(t *testing.T, b *balancer.Balancer, s *served, ready bool) {
	t.Helper()
	if err := b.Await(t.Context(), s.Address, ready); err != nil {
		t.Fatal(err)
	}
}

// ask asks over a new connection, or over that of the client.
func ask(t *testing.T, client *http.Client, b *balancer.Balancer) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = client == nil
	if client == nil {
		client = &http.Client{}
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTurns(t *testing.T) {
	b, one, two := listen(t), serve(t, "one"), serve(t, "two")
	add(t, b, one)
	add(t, b, two)
	got := map[string]int{}
	for range 10 {
		got[ask(t, nil, b)]++
	}
	if got["one"] != 5 || got["two"] != 5 || b.Given(one.Address) != 5 {
		t.Errorf("got %v, and one was given %d", got, b.Given(one.Address))
	}
}

// TestNotReady checks that only new connections go elsewhere.
func TestNotReady(t *testing.T) {
	b, one, two := listen(t), serve(t, "one"), serve(t, "two")
	add(t, b, one)
	kept := &http.Client{Transport: &http.Transport{}}
	if got := ask(t, kept, b); got != "one" {
		t.Fatalf("got %s", got)
	}
	add(t, b, two)
	one.ready.Store(false)
	await(t, b, one, false)
	for range 4 {
		if got := ask(t, nil, b); got != "two" {
			t.Errorf("a new connection went to %s", got)
		}
	}
	if got := ask(t, kept, b); got != "one" {
		t.Errorf("a connection moved to %s", got)
	}
}

func TestRemove(t *testing.T) {
	b, one, two := listen(t), serve(t, "one"), serve(t, "two")
	add(t, b, one)
	add(t, b, two)
	b.Remove(one.Address)
	for range 4 {
		if got := ask(t, nil, b); got != "two" {
			t.Errorf("got %s", got)
		}
	}
	if err := b.Await(t.Context(), one.Address, true); err == nil {
		t.Error("a backend that was removed is awaited")
	}
}

// TestGone checks that a backend that has died, and was ready a moment ago, is passed over.
func TestGone(t *testing.T) {
	b, one, two := listen(t), serve(t, "one"), serve(t, "two")
	one.Ready = two.Ready // as if nobody had asked it yet
	add(t, b, one)
	add(t, b, two)
	one.server.Close()
	for range 4 {
		if got := ask(t, nil, b); got != "two" {
			t.Errorf("got %s", got)
		}
	}
}

func TestNobodyIsReady(t *testing.T) {
	b := listen(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Add(balancer.Backend{Address: "127.0.0.1:1", Ready: "http://127.0.0.1:1"})
	if err := b.Await(ctx, "127.0.0.1:1", true); err == nil {
		t.Error("who is not there is ready")
	}
}
