package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
)

// bench has a gate, and the state of the world around it.
type bench struct {
	*gate
	t      *testing.T
	now    time.Time
	view   *view
	newest *tls.Certificate
	shown  []*tls.Certificate // in the order in which they came
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: start}
	b.gate = &gate{
		source:  b,
		view:    func() *view { return b.view },
		now:     func() time.Time { return b.now },
		changed: func(c *tls.Certificate) { b.shown = append(b.shown, c) },
		log:     slog.New(slog.DiscardHandler),
	}
	return b
}

func (b *bench) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if b.newest == nil {
		return nil, certmanager.ErrNotAvailable
	}
	return b.newest, nil
}

func (b *bench) Start(context.Context) error { return nil }

func (b *bench) Healthy() bool { return b.newest != nil }

// after lets time pass, and wants a certificate to be shown.
func (b *bench) after(d time.Duration, want *tls.Certificate) {
	b.t.Helper()
	b.now = b.now.Add(d)
	b.step()
	if got, err := b.certificate(nil); err != nil || got != want {
		b.t.Errorf("at %s: another certificate is shown, or none: %v", b.now.Sub(start), err)
	}
}

func (b *bench) wantReady(reason string) {
	b.t.Helper()
	err := b.ready()
	if reason == "" && err != nil || reason != "" && (err == nil || !strings.Contains(err.Error(), reason)) {
		b.t.Errorf("at %s: ready says %v, want %q", b.now.Sub(start), err, reason)
	}
}

// world is a CA and its successor, each with a leaf of ten hours.
func world(t *testing.T) (old, next *issuer, first, second *tls.Certificate) {
	t.Helper()
	old, next = newIssuer(t, start.Add(-time.Hour), start.Add(29*time.Hour)), newIssuer(t, start, start.Add(30*time.Hour))
	return old, next, old.leaf(t, "", start.Add(-time.Hour), start.Add(9*time.Hour)), next.leaf(t, "", start, start.Add(10*time.Hour))
}

func TestALeafWaitsForTrust(t *testing.T) {
	old, next, first, second := world(t)
	both := slices.Concat(next.bundle(), old.bundle())
	b := newBench(t)
	b.step()
	b.wantReady("no tls.Certificate available")

	b.newest = first
	b.after(0, first)
	b.wantReady("not read yet")
	b.view = asking(start.Add(-time.Hour), old.bundle(), old.bundle())
	b.after(0, first)
	b.wantReady("")

	b.newest = second
	b.after(time.Hour, first)
	b.view = asking(b.now, both, old.bundle())
	b.after(time.Hour, first)
	if got := b.untrusted(); len(got) != 1 {
		t.Errorf("against the newest: %v, want one webhook", got)
	}
	b.view = asking(b.now, both, both)
	b.after(0, first)
	b.after(settle-time.Millisecond, first)
	b.after(time.Millisecond, second)
	b.wantReady("")
	b.view = asking(b.now, both, []byte("nonsense"))
	b.after(0, second)
	b.wantReady("") // a server that served goes on
}

func TestALeafDoesNotWaitInVain(t *testing.T) {
	old, next, first, second := world(t)
	both := slices.Concat(next.bundle(), old.bundle())
	for name, c := range map[string]struct {
		view *view
		now  time.Duration
	}{
		"the old one is trusted by nobody":       {asking(start, next.bundle()), 0},
		"nobody trusts either":                   {asking(start, nil, []byte("nonsense")), 0},
		"nobody calls":                           {&view{}, 0},
		"the old one is about to end":            {asking(start, old.bundle()), 9*time.Hour - skew},
		"all were told long ago to trust the CA": {asking(start.Add(-time.Hour), both), 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.view, b.newest = asking(start, old.bundle()), first
			b.after(0, first)
			b.view, b.newest = c.view, second
			// Clocks that are behind ours have to find it good already.
			b.after(max(c.now, skew), second)
		})
	}
	t.Run("a clock may be behind", func(t *testing.T) {
		b := newBench(t)
		b.view, b.newest = asking(start.Add(-time.Hour), both), first
		b.after(0, first)
		b.newest = second
		b.after(skew-time.Millisecond, first)
		b.after(time.Millisecond, second)
	})
}

func TestAStormOfRotations(t *testing.T) {
	old, _, first, _ := world(t)
	b := newBench(t)
	b.view, b.newest = asking(start.Add(-time.Hour), old.bundle()), first
	b.after(0, first)
	bundle := old.bundle()
	want := []*tls.Certificate{first}
	for range 10 { // each comes before the one before is shown
		ca := newIssuer(t, b.now, b.now.Add(30*time.Hour))
		bundle = append(ca.bundle(), bundle...)
		b.newest = ca.leaf(t, "", b.now.Add(-time.Hour), b.now.Add(9*time.Hour))
		want = append(want, b.newest)
		b.view = asking(b.now, bundle)
		b.now = b.now.Add(settle - time.Second)
		b.step()
	}
	b.after(settle, b.newest)
	if want = slices.Delete(want, 9, 10); !slices.Equal(b.shown, want) { // at the end two are due at once
		t.Errorf("%d certificates were shown, want %d in their order", len(b.shown), len(want))
	}
}

func TestReadiness(t *testing.T) {
	old, next, first, _ := world(t)
	t.Run("fresh caBundle", func(t *testing.T) {
		b := newBench(t)
		b.view, b.newest = asking(start, old.bundle()), first
		b.after(0, first)
		b.wantReady("time to notice")
		b.after(settle, first)
		b.wantReady("")
	})
	t.Run("some trust it", func(t *testing.T) {
		b := newBench(t)
		b.view, b.newest = asking(start, old.bundle(), next.bundle()), first
		b.after(0, first)
		b.wantReady("not trusted yet by webhook webhook of ValidatingWebhookConfiguration meshward: x509: certificate signed by unknown authority")
		b.after(patience, first)
		b.wantReady("")
	})
	t.Run("nobody trusts it", func(t *testing.T) {
		b := newBench(t)
		b.view, b.newest = asking(start, next.bundle(), nil), first
		b.after(patience, first)
		b.wantReady("no certificate in caBundle")
	})
	t.Run("others issue it", func(t *testing.T) {
		b := newBench(t)
		b.system, b.newest = true, first
		b.after(0, first)
		b.wantReady("") // we may have no right to know more
		b.view = asking(start, nil, next.bundle())
		b.after(0, first)
		if shown := b.candidates[0]; shown.verdict.asked != 1 {
			t.Errorf("%d webhooks are asked; one relies on the roots of the API server's system", shown.verdict.asked)
		}
		b.wantReady("not trusted yet")
		b.after(patience, first)
		b.wantReady("")
	})
	t.Run("expired", func(t *testing.T) {
		b := newBench(t)
		b.view, b.newest = asking(start.Add(-time.Hour), old.bundle()), first
		b.after(0, first)
		b.wantReady("")
		b.after(9*time.Hour+time.Second, first)
		b.wantReady("the certificate has expired, at 2026-03-01T21:00:00Z")
	})
}

func TestRSA(t *testing.T) {
	ca := newIssuerOf(t, x509.RSA, start, start.Add(time.Hour))
	verdict := asking(start, ca.bundle()).trust(ca.leaf(t, "", start, start.Add(time.Hour)), false, start)
	if !verdict.unanimous() {
		t.Errorf("a leaf with an RSA key: %v", verdict.against)
	}
}
