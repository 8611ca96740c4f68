package check_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// certificates replaces $CA, $LEAF and the like by certificates in PEM and base64, as
// Secrets and caBundle have them.
func certificates(t *testing.T) *strings.Replacer {
	t.Helper()
	replacer, err := issued()
	must(t, err)
	return replacer
}

var issued = sync.OnceValues(func() (*strings.Replacer, error) {
	const day = 24 * time.Hour
	ca := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, NotBefore: now.Add(-100 * day), NotAfter: now.Add(3650 * day)}
	ended := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, NotBefore: now.Add(-100 * day), NotAfter: now.Add(-day)}
	leaf := func(name string, from, to time.Duration) *x509.Certificate {
		return &x509.Certificate{DNSNames: []string{name}, NotBefore: now.Add(from), NotAfter: now.Add(to)}
	}
	const name = "meshward.meshward-system.svc"
	var made []string
	authorities := map[string]authority{}
	for token, template := range map[string]*x509.Certificate{"$CA": ca, "$OTHER": ca, "$ENDED": ended} {
		a, err := self(template)
		if err != nil {
			return nil, err
		}
		authorities[token] = a
		made = append(made, token, encoded(a.certificate))
	}
	for token, template := range map[string]*x509.Certificate{
		"$LEAF":    leaf(name, -20*day, 70*day),
		"$EXPIRED": leaf(name, -95*day, -5*day),
		"$LATE":    leaf(name, -88*day, 2*day),
		"$FUTURE":  leaf(name, day, 91*day),
		"$NAMED":   leaf("meshward.elsewhere.svc", -20*day, 70*day),
	} {
		signed, err := authorities["$CA"].sign(template)
		if err != nil {
			return nil, err
		}
		made = append(made, token, encoded(signed))
	}
	return strings.NewReplacer(append(made, "$GARBAGE", base64.StdEncoding.EncodeToString([]byte("garbage")))...), nil
})

type authority struct {
	template    *x509.Certificate
	key         *ecdsa.PrivateKey
	certificate []byte
}

func self(template *x509.Certificate) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	own := *template
	own.Subject, own.SerialNumber = pkix.Name{CommonName: "ca"}, big.NewInt(1)
	signed, err := x509.CreateCertificate(rand.Reader, &own, &own, key.Public(), key)
	return authority{&own, key, signed}, err
}

func (a authority) sign(template *x509.Certificate) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = big.NewInt(2)
	return x509.CreateCertificate(rand.Reader, template, a.template, key.Public(), a.key)
}

func encoded(certificate []byte) string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}
