package check

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"
)

var certificates = &Check{
	Name:  "certificates",
	Looks: "the dates of the serving certificate and of its CA",
	run:   checkCertificates,
}

// late is the part of a certificate's life that is left when its renewal has surely gone
// wrong: everybody renews sooner.
const late = 12

func checkCertificates(ctx context.Context, l *look) {
	shown, ok := l.served(ctx)
	if !ok {
		return
	}
	if shown == nil {
		d, _ := l.server(ctx)
		if d == nil {
			l.note("no Secret of namespace %s has a certificate", l.Namespace)
			return
		}
		of := Object{"Secret", l.Namespace, secretOf(d)}
		l.error(of, absence(of), "it does not exist, and the server has its certificate from there")
		return
	}
	if len(shown.chain) == 0 && len(shown.authorities) == 0 {
		l.error(shown.secret, renewal(shown.secret), "there is no certificate in it")
		return
	}
	if len(shown.chain) > 0 {
		l.dates(shown.secret, "the serving certificate", shown.chain[0])
	}
	for _, authority := range shown.authorities {
		l.dates(shown.secret, "the CA", authority)
	}
}

func (l *look) dates(of Object, what string, c *x509.Certificate) {
	left := c.NotAfter.Sub(l.Now)
	switch {
	case left <= 0:
		l.error(of, renewal(of), "%s in it has expired, on %s", what, day(c.NotAfter))
	case l.Now.Before(c.NotBefore):
		l.error(of, "compare the clocks of the nodes and of whoever issues: date -u; or "+renewal(of), "%s in it is good only from %s on", what, c.NotBefore.UTC().Format(time.RFC3339))
	case left < c.NotAfter.Sub(c.NotBefore)/late:
		l.warn(of, renewal(of), "%s in it ends on %s, and should have been renewed long ago", what, day(c.NotAfter))
	}
}

func day(t time.Time) string { return fmt.Sprint(t.UTC().Format(time.DateOnly)) }
