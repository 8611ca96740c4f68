package door_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/door"
)

// visit is a door that is open, with a client who trusts it.
type visit struct {
	*door.Door
	client *http.Client
	ended  chan error
	close  context.CancelFunc // ends what the door was started with
}

// closed is a door that was not started yet.
func closed(t *testing.T, handler http.HandlerFunc) (*door.Door, *http.Client) {
	t.Helper()
	trusted := httptest.NewTLSServer(nil) // for its certificate and its client
	t.Cleanup(trusted.Close)
	d, err := door.Open(t.Context(), "127.0.0.1:0", func(c *tls.Config) { c.Certificates = trusted.TLS.Certificates }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.Register("/", handler)
	return d, trusted.Client()
}

func open(t *testing.T, handler http.HandlerFunc) *visit {
	t.Helper()
	d, client := closed(t, handler)
	ctx, cancel := context.WithCancel(t.Context())
	v := &visit{Door: d, client: client, ended: make(chan error, 1), close: cancel}
	if err := d.Ready(); err == nil {
		t.Error("the door is ready before it is started")
	}
	go func() { v.ended <- d.Start(ctx) }()
	t.Cleanup(cancel)
	return v
}

// ask sends a request, and returns the answer and whether it was the last of its
// connection.
func (v *visit) ask(ctx context.Context) (answer string, last bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+v.Address(), strings.NewReader("{}"))
	if err != nil {
		return "", false, err
	}
	response, err := v.client.Do(request)
	if err != nil {
		return "", false, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), response.Close, err
}

func (v *visit) mustAsk(t *testing.T, wantLast bool) {
	t.Helper()
	answer, last, err := v.ask(t.Context())
	if err != nil || answer != "fine" {
		t.Fatalf("answered %q, %v", answer, err)
	}
	if last != wantLast {
		t.Errorf("it is %v that the answer is the last of its connection", last)
	}
}

func fine(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") }

// TestLeave follows the order of an end: not ready, served all the same, closed, and
// answered to the last. A context of the request that ended with the server's, or a
// listener that closed at once, would fail it.
func TestLeave(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	v := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(inside)
			<-release
			if err := r.Context().Err(); err != nil {
				t.Errorf("a request that was under way ended with %v", err)
			}
		}
		fine(w, r)
	})
	v.mustAsk(t, false)
	if err := v.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	slow := make(chan error, 1)
	go func() {
		response, err := v.client.Post("https://"+v.Address()+"/slow", "text/plain", nil)
		if err == nil {
			defer response.Body.Close()
			_, err = io.ReadAll(response.Body)
		}
		slow <- err
	}()
	<-inside

	quiet, over := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- v.Leave(quiet) }()
	for v.Ready() == nil { // until Leave has begun
	}
	v.mustAsk(t, true) // on the connection that was kept
	v.mustAsk(t, true) // on a new one
	over()
	if err := <-v.ended; err != nil { // the listener is closed
		t.Errorf("the door ended with %v", err)
	}
	if _, _, err := v.ask(t.Context()); err == nil {
		t.Error("the door still lets people in")
	}
	select {
	case err := <-left:
		t.Fatalf("the door was left (%v) with somebody inside", err)
	default:
	}
	close(release)
	if err := <-slow; err != nil {
		t.Errorf("a request that was under way got %v", err)
	}
	if err := <-left; err != nil {
		t.Errorf("the door was left with %v", err)
	}
}

// TestEndWithoutLeave checks that requests under way are answered even where what the
// door was started with is taken from it.
func TestEndWithoutLeave(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	v := open(t, func(w http.ResponseWriter, r *http.Request) {
		close(inside)
		<-release
		fine(w, r)
	})
	answered := make(chan error, 1)
	go func() {
		answer, _, err := v.ask(t.Context())
		if err == nil && answer != "fine" {
			err = fmt.Errorf("answered %q", answer)
		}
		answered <- err
	}()
	<-inside
	v.close()
	for v.Ready() == nil {
	}
	close(release)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if err := <-v.ended; err != nil {
		t.Error(err)
	}
}

func TestLeaveBeforeStart(t *testing.T) {
	d, _ := closed(t, fine)
	quiet, over := context.WithCancel(t.Context())
	over()
	if err := d.Leave(quiet); err != nil {
		t.Error(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLeaveUnasked checks an end that nobody holds up: the server's own, of its listener,
// then comes at the same moment.
func TestLeaveUnasked(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	end()
	for range 100 {
		v := open(t, fine)
		for v.Ready() != nil { // until it has begun to serve
			runtime.Gosched()
		}
		if err := v.Leave(over); err != nil {
			t.Fatalf("the door was left with %v", err)
		}
		if err := <-v.ended; err != nil {
			t.Fatalf("the door ended with %v", err)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	v := open(t, fine)
	_, err := door.Open(t.Context(), v.Address(), func(*tls.Config) {}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "the webhooks cannot be served: ") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

func TestMostHeader(t *testing.T) {
	v := open(t, fine)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+v.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Long", strings.Repeat("x", 32<<10))
	response, err := v.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 32 KiB is answered with %s", response.Status)
	}
}

// TestProtocols checks what clients are offered: TLS 1.3, and HTTP/1.1 alone.
func TestProtocols(t *testing.T) {
	v := open(t, fine)
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}}
	connection, err := dialer.DialContext(t.Context(), "tcp", v.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if state := connection.(*tls.Conn).ConnectionState(); state.NegotiatedProtocol != "http/1.1" || state.Version != tls.VersionTLS13 {
		t.Errorf("it speaks %q over %s", state.NegotiatedProtocol, tls.VersionName(state.Version))
	}
	old := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}}
	if connection, err := old.DialContext(t.Context(), "tcp", v.Address()); err == nil {
		connection.Close()
		t.Error("it speaks TLS 1.2")
	}
}

// TestPlainHTTP checks that whoever speaks no TLS is told so, and takes nobody's place.
func TestPlainHTTP(t *testing.T) {
	v := open(t, fine)
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", v.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "POST / HTTP/1.1\r\nHost: door\r\n\r\n")
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil || !strings.Contains(line, "400") {
		t.Errorf("answered %q, %v", line, err)
	}
	v.mustAsk(t, false)
}
