package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Clients are who may ask a server: those who hold a certificate of a CA, in one of some
// names. It is a controller-runtime Runnable.
type Clients struct {
	file  string
	names []string
	log   *slog.Logger
	roots atomic.Pointer[roots]
}

// roots are what the file of the CA had when it was read last.
type roots struct {
	text   string
	pool   *x509.CertPool
	passed sync.Map // the hashes of those that were found good; the roots they were good by end with it
}

// NewClients reads the file of the CA, and returns an error if it cannot be used. Changes
// are picked up once the clients are started.
func NewClients(file string, names []string, log *slog.Logger) (*Clients, error) {
	if len(names) == 0 {
		return nil, errors.New("no name of a client: nobody could ask")
	}
	c := &Clients{file: file, names: names, log: log}
	if _, err := c.read(); err != nil {
		return nil, fmt.Errorf("the CA of clients: %w", err)
	}
	return c, nil
}

// read takes over what the file has, and returns whether it has changed.
func (c *Clients) read() (bool, error) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return false, err
	}
	if known := c.roots.Load(); known != nil && known.text == string(text) {
		return false, nil
	}
	certificates, _ := parse(text)
	if len(certificates) == 0 {
		return false, fmt.Errorf("%s has no certificate", c.file)
	}
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	c.roots.Store(&roots{text: string(text), pool: pool})
	return true, nil
}

// NeedLeaderElection is false: every replica serves.
func (c *Clients) NeedLeaderElection() bool { return false }

// Start reads the file again as it changes, until ctx is done. The last good one counts
// while it is wrong.
func (c *Clients) Start(ctx context.Context) error {
	tick := time.NewTicker(rereadEvery)
	defer tick.Stop()
	problem := ""
	for {
		changed, err := c.read()
		if err != nil && err.Error() != problem {
			problem = err.Error()
			c.log.Warn("the CA of clients cannot be read; the last one counts", "error", err)
		}
		if changed {
			problem = ""
			c.log.Info("the CA of clients has changed", "file", c.file)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Configure makes a TLS server ask for certificates. A connection without one is not
// refused before Gate is asked: a probe needs none. No session is resumed, or a client
// would be known by a CA that does not count any more.
func (c *Clients) Configure(server *tls.Config) {
	server.ClientAuth = tls.VerifyClientCertIfGiven
	server.SessionTicketsDisabled = true
	server.ClientCAs = c.roots.Load().pool
	server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		current := server.Clone()
		current.GetConfigForClient = nil
		current.ClientCAs = c.roots.Load().pool
		return current, nil
	}
}

// Gate lets those pass who may ask. A connection outlives its handshake by days, so the
// certificate is held against what counts now.
func (c *Clients) Gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.allowed(r.TLS); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Clients) allowed(connection *tls.ConnectionState) error {
	if connection == nil || len(connection.PeerCertificates) == 0 {
		return errors.New("only a client with a certificate may ask")
	}
	leaf := connection.PeerCertificates[0]
	if err := c.roots.Load().verify(leaf, connection.PeerCertificates[1:], time.Now()); err != nil {
		return fmt.Errorf("the client's certificate: %w", err)
	}
	if !slices.Contains(c.names, leaf.Subject.CommonName) {
		return fmt.Errorf("the client is %q and not %s", leaf.Subject.CommonName, strings.Join(c.names, " or "))
	}
	return nil
}

// verify returns an error unless a certificate is good. One that was is remembered, so that
// no admission pays for it but the first.
func (r *roots) verify(leaf *x509.Certificate, issuers []*x509.Certificate, now time.Time) error {
	id := sha256.Sum256(leaf.Raw)
	if _, known := r.passed.Load(id); known && now.Before(leaf.NotAfter) {
		return nil
	}
	between := x509.NewCertPool()
	for _, issuer := range issuers {
		between.AddCert(issuer)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: r.pool, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err == nil {
		r.passed.Store(id, struct{}{})
	}
	return err
}
