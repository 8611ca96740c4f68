package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// longest is how many certificates a caBundle has at most: the API server reads it for
// each webhook, and no more CAs than that are in use but in a storm of rotations.
const longest = 16

const certificateBlock = "CERTIFICATE"

// parse returns the certificates of a caBundle, and whether it holds nothing else.
func parse(bundle []byte) (certificates []*x509.Certificate, clean bool) {
	clean = true
	for {
		block, rest := pem.Decode(bundle)
		if block == nil {
			return certificates, clean && len(bytes.TrimSpace(bundle)) == 0
		}
		text := bytes.TrimSpace(bundle[:len(bundle)-len(rest)])
		clean = clean && bytes.HasPrefix(text, []byte("-----BEGIN "))
		bundle = rest
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != certificateBlock || err != nil {
			clean = false
			continue
		}
		certificates = append(certificates, certificate)
	}
}

// encode is a caBundle of certificates.
func encode(certificates []*x509.Certificate) []byte {
	var bundle bytes.Buffer
	for _, c := range certificates {
		bundle.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw}))
	}
	return bundle.Bytes()
}

// A retention says how long CAs stay trusted beside the current one: as long as a leaf of
// theirs may be in use. The last leaf of a CA was signed when its successor came, or a
// moment later by a replica that had not heard of it.
type retention struct {
	leaf time.Duration
	// seen is when a certificate was first met that is younger than the current CA, as of
	// an issuer that was in charge before. When its last leaf was signed is not known.
	seen map[string]time.Time
}

func newRetention(leaf time.Duration) *retention {
	return &retention{leaf: leaf, seen: make(map[string]time.Time)}
}

// keep returns the current CA and those of others that are to stay trusted, the youngest
// first.
func (r *retention) keep(current *x509.Certificate, others []*x509.Certificate, now time.Time) []*x509.Certificate {
	others = slices.SortedStableFunc(slices.Values(others), func(a, b *x509.Certificate) int { return b.NotBefore.Compare(a.NotBefore) })
	kept := []*x509.Certificate{current}
	successor := current
	for _, c := range others {
		if slices.ContainsFunc(kept, c.Equal) || len(kept) == longest || now.After(c.NotAfter) {
			continue
		}
		if c.NotBefore.After(current.NotBefore) {
			if now.Before(r.met(c, now).Add(r.inUse())) {
				kept = append(kept, c)
			}
			continue
		}
		if now.Before(successor.NotBefore.Add(r.inUse())) {
			kept = append(kept, c)
		}
		successor = c
	}
	return kept
}

// inUse is for how long leaves of a CA may be in use after its successor came.
func (r *retention) inUse() time.Duration { return r.leaf + r.leaf/10 }

// met is when a certificate was first met.
func (r *retention) met(c *x509.Certificate, now time.Time) time.Time {
	at, ok := r.seen[string(c.Raw)]
	if !ok {
		at = now
		r.seen[string(c.Raw)] = at
	}
	return at
}

// fine returns whether a caBundle needs no change. The order of its certificates does not
// matter to anybody.
func (r *retention) fine(bundle []byte, current *x509.Certificate, now time.Time) bool {
	certificates, clean := parse(bundle)
	return clean && slices.ContainsFunc(certificates, current.Equal) && len(r.keep(current, certificates, now)) == len(certificates)
}
