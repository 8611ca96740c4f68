// Package certs provides the certificate that webhooks are served with, and has the API
// server trust it.
//
// It knows where a certificate comes from, when it is replaced, and which webhook
// configurations have to trust its issuer. It must not know what is served. Its law: a
// certificate is shown only once the API server trusts its issuer, so that a rotation
// fails no admission.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/flowcontrol"
)

// A Source provides a serving certificate, and replaces it as it changes. It is a
// controller-runtime Runnable.
type Source struct {
	origin  string
	source  certmanager.CertificateSource
	gate    *gate
	watch   *watch
	folder  *folder  // nil for a server that certifies itself
	ledger  *ledger  // nil for one that does not
	metrics *metrics // of both
	client  kubernetes.Interface
	log     *slog.Logger
}

// newSource puts together what both kinds of sources have in common.
func newSource(client kubernetes.Interface, o Options, source certmanager.CertificateSource, folder *folder, registry prometheus.Registerer, log *slog.Logger) *Source {
	s := &Source{source: source, folder: folder, client: client, log: log}
	s.metrics = newMetrics(registry, folder == nil, func() int { return len(s.gate.untrusted()) })
	s.watch = newWatch(client, o, s.replaced(ca))
	shown := s.replaced(serving)
	s.gate = &gate{
		source: source,
		view:   s.watch.callers,
		system: folder != nil,
		now:    time.Now,
		changed: func(certificate *tls.Certificate) {
			if leaf, err := leafOf(certificate); err == nil {
				shown(leaf)
			}
		},
		log: log,
	}
	return s
}

// replaced returns what is to be told of every certificate of a kind that counts from now
// on.
func (s *Source) replaced(which string) func(*x509.Certificate) {
	replaces := false
	return func(certificate *x509.Certificate) {
		s.metrics.show(which, replaces, certificate)
		s.log.Info("certificate in use", "certificate", which, "until", certificate.NotAfter, "serial", fmt.Sprintf("%x", certificate.SerialNumber))
		replaces = true
	}
}

// Start keeps the certificate up to date until ctx is done.
func (s *Source) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(logr.NewContext(ctx, logr.FromSlogHandler(s.log.Handler())))
	defer cancel(nil)
	parts := []func(context.Context) error{
		s.source.Start,
		s.watch.runCallers,
		func(ctx context.Context) error { s.gate.run(ctx); return nil },
	}
	if s.ledger != nil {
		parts = append(parts, s.watch.runCA, s.remember)
	}
	var running sync.WaitGroup
	for _, part := range parts {
		running.Go(func() {
			if err := part(ctx); err != nil {
				cancel(fmt.Errorf("the certificate cannot be kept up to date: %w", err))
			}
		})
	}
	<-ctx.Done()
	running.Wait()
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the cause of an end that was asked for is the same value
		return cause
	}
	return nil
}

// remember keeps in mind what is trusted, for the case that this replica leads next.
func (s *Source) remember(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		s.ledger.review(time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// NeedLeaderElection is false: every replica serves.
func (s *Source) NeedLeaderElection() bool { return false }

// SelfManaged returns whether the server certifies itself. Then its leader has to Publish.
func (s *Source) SelfManaged() bool { return s.ledger != nil }

// Publish has our webhook configurations trust our CA until ctx is done. One replica at a
// time does that, and only in a server that certifies itself.
func (s *Source) Publish(ctx context.Context) {
	if s.ledger == nil {
		return
	}
	p := &publisher{client: s.client, ledger: s.ledger, metrics: s.metrics, log: s.log, contested: flowcontrol.NewBackOff(retryAfter/2, longestPause)}
	p.run(ctx)
}

// Configure makes a TLS server present the certificate.
func (s *Source) Configure(server *tls.Config) { server.GetCertificate = s.gate.certificate }

// Ready returns an error as long as there is no good certificate to show, or none that the
// API server trusts, or another one than is mounted.
func (s *Source) Ready() error {
	err := s.gate.ready()
	if errors.Is(err, certmanager.ErrNotAvailable) {
		return fmt.Errorf("no certificate from %s yet: %w", s.origin, err)
	}
	if err != nil {
		return fmt.Errorf("the certificate from %s: %w", s.origin, err)
	}
	if s.folder != nil {
		return s.folder.behind(s.gate.newest(), time.Now())
	}
	return nil
}
