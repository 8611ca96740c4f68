package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// start is when the tests take place.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// issuer is a CA of a test.
type issuer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newKey(t *testing.T, algorithm x509.PublicKeyAlgorithm) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	if algorithm == x509.RSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newIssuer(t *testing.T, from, until time.Time) *issuer {
	t.Helper()
	return newIssuerOf(t, x509.ECDSA, from, until)
}

func newIssuerOf(t *testing.T, algorithm x509.PublicKeyAlgorithm, from, until time.Time) *issuer {
	t.Helper()
	key := newKey(t, algorithm)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{certificate: certificate, key: key}
}

// leaf signs a certificate for the Service of the tests, and for a client of a name.
func (i *issuer) leaf(t *testing.T, name string, from, until time.Time) *tls.Certificate {
	t.Helper()
	algorithm := x509.ECDSA
	if _, ok := i.key.(*rsa.PrivateKey); ok {
		algorithm = x509.RSA
	}
	key := newKey(t, algorithm)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{options.serviceName()}, NotBefore: from, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, key.Public(), i.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (i *issuer) bundle() []byte { return encode([]*x509.Certificate{i.certificate}) }

// write puts a pair into a folder, as a mounted Secret has it.
func write(t *testing.T, into string, pair *tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(into, "tls.crt"), encode([]*x509.Certificate{pair.Leaf}))
	put(t, filepath.Join(into, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

var options = Options{
	Namespace: "meshward-system", Service: "meshward", DNSNames: []string{"localhost"}, Configuration: "meshward", Label: "meshward.io/revision",
	Secret: "meshward-ca", CADuration: 30 * time.Hour, LeafDuration: 10 * time.Hour,
}

// asking is a view of one configuration, with a webhook for each caBundle.
func asking(at time.Time, bundles ...[]byte) *view {
	c := &configuration{kind: validating, name: "meshward", written: at}
	for i, bundle := range bundles {
		c.callers = append(c.callers, caller{at: i, name: "webhook", host: options.serviceName(), bundle: bundle})
	}
	return &view{configurations: []*configuration{c}}
}
