package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
)

// Times of a gate.
const (
	// look is how often it looks at what there is to show.
	look = 200 * time.Millisecond
	// settle is how long an API server may take to notice a configuration that is stored.
	settle = 5 * time.Second
	// patience is how long readiness waits for callers to trust the certificate.
	patience = time.Minute
	// skew is by how much the API server's clock may be behind ours; where a certificate
	// is good for less than twentyfold that, a twentieth.
	skew = time.Minute
)

// A gate holds the law of this package: a certificate is shown only once the API server
// trusts its issuer. Until then the one before it is shown, as long as that is good and
// trusted itself.
type gate struct {
	source certmanager.CertificateSource
	// view returns who calls, and nil as long as that is not known.
	view func() *view
	// system is for certificates that others issue: webhooks without caBundle may trust
	// the API server's own roots, and we may lack the right to read configurations.
	system bool
	now    func() time.Time
	// changed is told what is shown from now on.
	changed func(*tls.Certificate)
	log     *slog.Logger

	mu         sync.Mutex
	candidates []*candidate // the first is shown, the others are newer
	began      time.Time    // when there was a first certificate
	trusted    bool         // whether the callers have trusted us once
}

// A candidate is a certificate that may be shown.
type candidate struct {
	certificate *tls.Certificate
	view        *view // who was asked last
	verdict     verdict
	since       time.Time // since when all trust it; zero if one of them does not
}

// run looks for what to show until ctx is done.
func (g *gate) run(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		g.step()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// certificate is what is to be shown now.
func (g *gate) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.candidates) == 0 {
		return nil, certmanager.ErrNotAvailable
	}
	return g.candidates[0].certificate, nil
}

// untrusted are the callers that do not trust the newest certificate, whether or not it is
// shown.
func (g *gate) untrusted() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.candidates) == 0 {
		return nil
	}
	return g.candidates[len(g.candidates)-1].verdict.against
}

// newest is the certificate that is shown, or will be.
func (g *gate) newest() *tls.Certificate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.candidates) == 0 {
		return nil
	}
	return g.candidates[len(g.candidates)-1].certificate
}

// step looks once.
func (g *gate) step() {
	g.mu.Lock()
	defer g.mu.Unlock()
	newest, err := g.source.GetCertificate(nil)
	if err != nil {
		return
	}
	now, view := g.now(), g.view()
	first, news := len(g.candidates) == 0, g.take(newest)
	if first {
		g.began = now
	}
	for _, c := range g.candidates {
		g.ask(c, view, now)
	}
	chosen := g.choose(view, now)
	g.candidates = slices.Delete(g.candidates, 0, chosen)
	if first || chosen > 0 {
		g.changed(g.candidates[0].certificate)
	}
	if last := g.candidates[len(g.candidates)-1]; news && len(last.verdict.against) > 0 {
		g.log.Info("a new certificate is not trusted yet", "shown", len(g.candidates) == 1, "by", last.verdict.against)
	}
	if shown := g.candidates[0]; shown.verdict.asked > 0 && shown.due(now) {
		g.trusted = true
	}
}

// take adds the newest certificate to the candidates, and returns whether it is a new one.
func (g *gate) take(newest *tls.Certificate) bool {
	last := len(g.candidates) - 1
	if last >= 0 && g.candidates[last].certificate == newest {
		return false
	}
	g.candidates = append(g.candidates, &candidate{certificate: newest})
	return true
}

// ask brings up to date who trusts a candidate.
func (g *gate) ask(c *candidate, view *view, now time.Time) {
	if view == nil || c.view == view {
		return
	}
	c.view, c.verdict = view, view.trust(c.certificate, g.system, now)
	switch {
	case !c.verdict.unanimous():
		c.since = time.Time{}
	case c.since.IsZero() && view.settled(now):
		c.since = now.Add(-settle)
	case c.since.IsZero():
		c.since = now
	}
}

// due returns whether every API server knows that it may trust a candidate.
func (c *candidate) due(now time.Time) bool {
	return !c.since.IsZero() && now.Sub(c.since) >= settle
}

// valid returns whether a certificate is good on clocks that are somewhat behind.
func (c *candidate) valid(now time.Time) bool {
	leaf, err := leafOf(c.certificate)
	return err == nil && now.Sub(leaf.NotBefore) >= tolerance(leaf.NotAfter.Sub(leaf.NotBefore))
}

// ending returns whether a certificate is about to end, or has ended on clocks that are
// somewhat ahead.
func (c *candidate) ending(now time.Time) bool {
	leaf, err := leafOf(c.certificate)
	return err != nil || leaf.NotAfter.Sub(now) <= tolerance(leaf.NotAfter.Sub(leaf.NotBefore))
}

// tolerance is the difference of clocks that is allowed for, in a certificate that is good
// for a time.
func tolerance(lifetime time.Duration) time.Duration { return min(skew, lifetime/20) }

// choose returns which candidate is to be shown.
func (g *gate) choose(view *view, now time.Time) int {
	last := len(g.candidates) - 1
	shown := g.candidates[0]
	switch {
	case last == 0:
		return 0
	case view == nil && !g.system && !shown.ending(now):
		return 0 // who calls will be known in a moment
	case view == nil || shown.ending(now) || shown.verdict.trusting == 0:
		return g.best(now)
	}
	for i := last; i > 0; i-- {
		if c := g.candidates[i]; c.due(now) && c.valid(now) {
			return i
		}
	}
	return 0
}

// best returns the candidate that most callers trust, and of these the newest.
func (g *gate) best(now time.Time) int {
	best := len(g.candidates) - 1
	for i := best - 1; i >= 0; i-- {
		c := g.candidates[i]
		if !c.ending(now) && c.verdict.trusting > g.candidates[best].verdict.trusting {
			best = i
		}
	}
	return best
}

// ready returns an error as long as nothing is shown that is good, and until the callers
// have trusted it once. That they cease to does not count: it would take away a server
// that others may still call.
func (g *gate) ready() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.candidates) == 0 {
		return certmanager.ErrNotAvailable
	}
	now, shown := g.now(), g.candidates[0]
	leaf, err := leafOf(shown.certificate)
	switch {
	case err != nil:
		return err
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate has expired, at %s", leaf.NotAfter.Format(time.RFC3339))
	case g.trusted:
		return nil
	}
	return g.unawaited(shown, now)
}

// unawaited returns an error as long as callers are to be waited for that do not trust what
// is shown. After a while that is over if any does. In a folder it is over in any case: who
// is to trust what is there is not for us to know.
func (g *gate) unawaited(shown *candidate, now time.Time) error {
	switch {
	case shown.view == nil && g.system:
		return nil
	case shown.view == nil:
		return errors.New("the webhook configurations are not read yet")
	case shown.verdict.asked == 0:
		return nil
	case now.Sub(g.began) >= patience && (g.system || shown.verdict.trusting > 0):
		return nil
	case !shown.verdict.unanimous():
		return fmt.Errorf("the certificate is not trusted yet by %s", strings.Join(shown.verdict.against, "; "))
	}
	return errors.New("the API server is given time to notice that it may trust the certificate")
}
