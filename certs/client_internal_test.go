package certs

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClients asks a server over TLS as several clients, before and after its CA of clients
// is another one.
func TestClients(t *testing.T) {
	now := time.Now()
	from, until := now.Add(-time.Hour), now.Add(time.Hour)
	first, second := newIssuer(t, from, until), newIssuer(t, from, until)
	file := filepath.Join(t.TempDir(), "ca.crt")
	put(t, file, first.bundle())
	clients, err := NewClients(file, []string{"kube-apiserver"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(clients.Gate(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") })))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*first.leaf(t, "", from, until)}, MinVersion: tls.VersionTLS13}
	clients.Configure(server.TLS)
	server.StartTLS()
	defer server.Close()

	of := func(pair *tls.Certificate) *http.Client {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		if pair != nil {
			c.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{*pair}
		}
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	asks := func(what string, client *http.Client, want string) {
		t.Helper()
		response, err := client.Get(server.URL)
		if err != nil {
			if want == "" || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
			return
		}
		defer response.Body.Close()
		if text, _ := io.ReadAll(response.Body); want == "" || !strings.Contains(response.Status+" "+string(text), want) {
			t.Errorf("%s: %s %s, want %q", what, response.Status, text, want)
		}
	}
	right := of(first.leaf(t, "kube-apiserver", from, until))
	asks("the API server", right, "200 OK welcome")
	asks("somebody else", of(first.leaf(t, "mallory", from, until)), `401 Unauthorized the client is "mallory" and not kube-apiserver`)
	asks("nobody", of(nil), "401 Unauthorized only a client with a certificate")
	asks("a stranger", of(second.leaf(t, "kube-apiserver", from, until)), "unknown certificate authority")
	asks("one of yesterday", of(first.leaf(t, "kube-apiserver", from, from.Add(time.Minute))), "certificate")

	put(t, file, []byte("nonsense"))
	if changed, err := clients.read(); changed || err == nil {
		t.Errorf("nonsense is taken over: %v", err)
	}
	asks("the API server, while the file is wrong", right, "200 OK welcome")
	put(t, file, second.bundle())
	if changed, err := clients.read(); !changed || err != nil {
		t.Errorf("the file is not taken over: %v", err)
	}
	asks("a connection that is open already", right, "401 Unauthorized the client's certificate: x509")
	asks("the API server by the new CA", of(second.leaf(t, "kube-apiserver", from, until)), "200 OK welcome")
}

func TestClientsThatCannotBe(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	empty := filepath.Join(t.TempDir(), "empty.crt")
	put(t, empty, nil)
	for file, want := range map[string]string{empty + ".missing": "no such file", empty: "has no certificate"} {
		if _, err := NewClients(file, []string{"kube-apiserver"}, log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if _, err := NewClients(empty, nil, log); err == nil {
		t.Error("clients without a name")
	}
}
