// Package certs provides the certificate that the webhooks are served with.
//
// It knows where a certificate comes from and when it is replaced. It must not
// know what is served.
package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"path/filepath"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
)

// rereadEvery is how often certificate files are looked at. A kubelet takes
// about a minute to bring a changed Secret into a volume.
const rereadEvery = 5 * time.Second

// Source provides a serving certificate, and replaces it as it changes.
type Source struct {
	source certmanager.CertificateSource
	origin string
}

// FromFolder serves tls.crt and tls.key of a folder, in which a Secret is
// mounted. Files that are missing, or broken after a change, are waited for: the
// last good pair is served meanwhile.
func FromFolder(folder string) *Source {
	return &Source{
		source: &certmanager.FileCertificateSource{
			CertPath:       filepath.Join(folder, "tls.crt"),
			KeyPath:        filepath.Join(folder, "tls.key"),
			UpdateInterval: rereadEvery,
			MaxFailures:    math.MaxInt,
		},
		origin: folder,
	}
}

// Start keeps the certificate up to date until ctx is done.
func (s *Source) Start(ctx context.Context) error { return s.source.Start(ctx) }

// NeedLeaderElection is false: every replica serves.
func (s *Source) NeedLeaderElection() bool { return false }

// Configure makes a TLS server present the certificate, and speak TLS 1.3 only.
func (s *Source) Configure(server *tls.Config) {
	server.GetCertificate = s.source.GetCertificate
	server.MinVersion = tls.VersionTLS13
}

// Ready returns an error as long as there is no certificate to serve.
func (s *Source) Ready() error {
	if _, err := s.source.GetCertificate(nil); err != nil {
		return fmt.Errorf("no certificate from %s yet: %w", s.origin, err)
	}
	return nil
}
