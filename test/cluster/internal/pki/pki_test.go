package pki_test

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/test/cluster/internal/pki"
)

func TestServing(t *testing.T) {
	authority := newAuthority(t)
	pair, err := authority.Serving("127.0.0.1", "hook.example.svc")
	if err != nil {
		t.Fatal(err)
	}
	certificate := verify(t, authority, pair, x509.ExtKeyUsageServerAuth)
	for _, host := range []string{"127.0.0.1", "hook.example.svc"} {
		if err := certificate.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if age := time.Since(certificate.NotBefore); age < time.Hour {
		t.Errorf("it is valid for %s; want an hour, for clocks that are slow", age)
	}
	if _, err := authority.Serving(); err == nil {
		t.Error("a certificate for no host was made")
	}
}

func TestClient(t *testing.T) {
	authority := newAuthority(t)
	pair, err := authority.Client("admin", "system:masters", "others")
	if err != nil {
		t.Fatal(err)
	}
	subject := verify(t, authority, pair, x509.ExtKeyUsageClientAuth).Subject
	slices.Sort(subject.Organization) // it is a set
	if diff := cmp.Diff([]string{"others", "system:masters"}, subject.Organization); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if subject.CommonName != "admin" {
		t.Errorf("got user %q, want admin", subject.CommonName)
	}
}

// An authority that another process reads back is the same one.
func TestParseAuthority(t *testing.T) {
	authority := newAuthority(t)
	parsed, err := pki.ParseAuthority(authority.Pair)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := parsed.Client("admin")
	if err != nil {
		t.Fatal(err)
	}
	verify(t, authority, pair, x509.ExtKeyUsageClientAuth)

	broken := authority.Pair
	broken.Key = broken.Certificate
	if _, err := pki.ParseAuthority(broken); err == nil {
		t.Error("a certificate was taken for a key")
	}
}

func newAuthority(t *testing.T) *pki.Authority {
	t.Helper()
	authority, err := pki.NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func verify(t *testing.T, authority *pki.Authority, pair pki.Pair, usage x509.ExtKeyUsage) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(pair.Certificate)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
		t.Error(err)
	}
	return certificate
}
