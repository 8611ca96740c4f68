package certs

import (
	"bytes"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

func TestCAsStayWhileTheirLeavesMayBeInUse(t *testing.T) {
	const day = 24 * time.Hour
	var line []*x509.Certificate // the youngest first
	for i := range 4 {
		line = append(line, newIssuer(t, start.Add(-time.Duration(i)*day), start.Add(30*day)).certificate)
	}
	shuffled := []*x509.Certificate{line[2], line[0], line[3], line[1], line[2]}
	for _, c := range []struct {
		now  time.Duration
		want int
	}{
		{0, 3}, // the successor of the fourth is two days old
		{9*time.Hour - time.Second, 3},
		{9 * time.Hour, 2},
		{33 * time.Hour, 1},
	} {
		r := newRetention(30 * time.Hour) // 33, with what replicas are late by
		if got := r.keep(line[0], shuffled, start.Add(c.now)); !slices.Equal(got, line[:c.want]) {
			t.Errorf("after %s: %d CAs are kept, want the youngest %d", c.now, len(got), c.want)
		}
	}
}

func TestForeignCAsStayForAWhile(t *testing.T) {
	ours := newIssuer(t, start.Add(-100*time.Hour), start.Add(1000*time.Hour)).certificate
	theirs := newIssuer(t, start.Add(-time.Hour), start.Add(1000*time.Hour)).certificate
	ended := newIssuer(t, start.Add(-time.Hour), start.Add(-time.Minute)).certificate
	r := newRetention(10 * time.Hour)
	others := []*x509.Certificate{theirs, ended}
	if got := r.keep(ours, others, start); !slices.Equal(got, []*x509.Certificate{ours, theirs}) {
		t.Errorf("%d are kept at first, want our CA and the one before that is younger", len(got))
	}
	if got := r.keep(ours, others, start.Add(12*time.Hour)); !slices.Equal(got, []*x509.Certificate{ours}) {
		t.Errorf("%d are kept in the end, want our CA", len(got))
	}
}

func TestBundlesAreBounded(t *testing.T) {
	var many []*x509.Certificate
	for range longest + 4 {
		many = append(many, newIssuer(t, start, start.Add(time.Hour)).certificate)
	}
	r := newRetention(time.Hour)
	if got := r.keep(many[0], many, start); len(got) != longest {
		t.Errorf("%d are kept, want %d", len(got), longest)
	}
}

func TestBundlesThatNeedNoChange(t *testing.T) {
	ca, other := newIssuer(t, start, start.Add(time.Hour)), newIssuer(t, start.Add(-time.Hour), start.Add(time.Hour))
	r := newRetention(time.Hour)
	for name, c := range map[string]struct {
		bundle []byte
		want   bool
	}{
		"the CA":             {ca.bundle(), true},
		"and one before":     {slices.Concat(other.bundle(), ca.bundle()), true},
		"without a last end": {bytes.TrimSpace(ca.bundle()), true},
		"empty":              {nil, false},
		"nonsense":           {[]byte("nonsense"), false},
		"nonsense before":    {slices.Concat([]byte("nonsense\n"), ca.bundle()), false},
		"nonsense after":     {slices.Concat(ca.bundle(), []byte("nonsense")), false},
		"no certificate":     {slices.Concat(ca.bundle(), []byte("-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n")), false},
		"only one before":    {other.bundle(), false},
		"twice":              {slices.Concat(ca.bundle(), ca.bundle()), false},
	} {
		if got := r.fine(c.bundle, ca.certificate, start); got != c.want {
			t.Errorf("%s: fine is %t, want %t", name, got, c.want)
		}
	}
}

// TestRepairs shows what becomes of caBundles that somebody has changed, in two
// configurations.
func TestRepairs(t *testing.T) {
	old, ca := newIssuer(t, start.Add(-time.Hour), start.Add(time.Hour)), newIssuer(t, start, start.Add(time.Hour))
	both := slices.Concat(ca.bundle(), old.bundle())
	for name, c := range map[string]struct {
		before, now [2][]byte
		want        []byte
	}{
		"nothing to do":                  {[2][]byte{both, both}, [2][]byte{both, both}, nil},
		"a new CA":                       {[2][]byte{}, [2][]byte{old.bundle(), old.bundle()}, both},
		"one is emptied":                 {[2][]byte{}, [2][]byte{both, nil}, both},
		"both are emptied":               {[2][]byte{both, both}, [2][]byte{nil, nil}, both},
		"one has nonsense":               {[2][]byte{}, [2][]byte{[]byte("nonsense"), both}, both},
		"somebody takes out the old one": {[2][]byte{both, both}, [2][]byte{ca.bundle(), ca.bundle()}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatch(nil, options, func(*x509.Certificate) {})
			w.ca.Store(ca.certificate)
			l := &ledger{watch: w, retention: newRetention(options.LeafDuration)}
			for i, bundles := range [][2][]byte{c.before, c.now} {
				first, second := asking(start, bundles[0]), asking(start, bundles[1])
				w.current.Store(&view{configurations: append(first.configurations, second.configurations...)})
				repairs := l.review(start)
				if i == 0 {
					continue
				}
				for _, r := range repairs {
					if !bytes.Equal(r.bundle, c.want) {
						t.Errorf("the repair is\n%s\nwant\n%s", r.bundle, c.want)
					}
				}
				if (len(repairs) > 0) != (c.want != nil) {
					t.Errorf("%d repairs, want some: %t", len(repairs), c.want != nil)
				}
			}
		})
	}
}
