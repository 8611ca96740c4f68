package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// A verdict is which callers trust a certificate.
type verdict struct {
	asked    int
	trusting int
	against  []string // the others, each with its reason
}

func (v verdict) unanimous() bool { return v.trusting == v.asked }

// trust asks all callers of a view whether they trust a certificate, as the API server does
// when it calls. Callers without roots are not asked where they may rely on those of the
// API server's own system, which we do not see.
func (v *view) trust(certificate *tls.Certificate, system bool, now time.Time) verdict {
	var all verdict
	for _, c := range v.configurations {
		for i := range c.callers {
			caller := &c.callers[i]
			if system && len(caller.bundle) == 0 {
				continue
			}
			all.asked++
			if err := caller.trusts(certificate, now); err != nil {
				all.against = append(all.against, fmt.Sprintf("webhook %s of %s: %v", caller.name, c, err))
				continue
			}
			all.trusting++
		}
	}
	return all
}

func (c *caller) trusts(certificate *tls.Certificate, now time.Time) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.bundle) {
		return fmt.Errorf("no certificate in caBundle")
	}
	leaf, err := leafOf(certificate)
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, der := range certificate.Certificate[1:] {
		if issuer, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(issuer)
		}
	}
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: c.host, Roots: roots, Intermediates: between, CurrentTime: now})
	return err
}

// leafOf is the certificate that a server is known by.
func leafOf(certificate *tls.Certificate) (*x509.Certificate, error) {
	if certificate.Leaf != nil {
		return certificate.Leaf, nil
	}
	if len(certificate.Certificate) == 0 {
		return nil, fmt.Errorf("the chain is empty")
	}
	return x509.ParseCertificate(certificate.Certificate[0])
}
