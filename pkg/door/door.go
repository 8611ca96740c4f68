// Package door is the HTTPS server that the API server comes to: how much it takes in,
// and how it closes without turning anybody away.
//
// It knows connections. It must not know what is asked and answered, nor why and when
// the process ends.
package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	// mostConnections is also how many requests are held at once: over HTTP/1.1 a
	// connection carries one at a time. More wait to be taken in.
	mostConnections = 2048
	// mostHeader is in bytes. An API server sends a few hundred.
	mostHeader = 16 << 10
	// headerWithin bounds the TLS handshake, too. An API server waits 10 seconds at most
	// for all of an answer.
	headerWithin = 10 * time.Second
	// requestWithin and answerWithin are for whoever sends or reads a byte now and then.
	// They end after any deadline that a review may have.
	requestWithin = 15 * time.Second
	answerWithin  = 20 * time.Second
	// idleFor is longer than an API server keeps a connection without using it (90 s), so
	// that it is the one that closes. The other way round, a request could be on its way
	// just then, and an API server does not send a review twice.
	idleFor = 2 * time.Minute
)

// LastAnswerWithin is how long requests may take that are under way when the door
// closes: as long as an API server waits for any, and a little to send the answer.
const LastAnswerWithin = 15 * time.Second

// An idle connection must not be closed just as it is used: the review would be lost, as an
// API server does not send it twice. Those that nobody has used for calm are hardly used in
// the next millisecond; calmWithin bounds the wait for that.
const (
	calm       = 2 * time.Second
	calmWithin = 5 * time.Second
)

// Door serves webhooks over TLS. It stands where a manager has its webhook server, but
// closes before the context of its Start is done: what answers rest on are other Runnables
// of the manager, and these must outlive the last answer.
type Door struct {
	hooks    *http.ServeMux
	listener net.Listener
	server   *http.Server
	serving  atomic.Bool
	leaving  atomic.Bool
	asked    atomic.Int64 // when there was a request last, in nanoseconds since 1970
}

var _ webhook.Server = (*Door)(nil)

// Open takes the address, so that one that is in use or not allowed is known at once.
// Connections are served once the door is started; configure sets the certificate.
//
// It speaks HTTP/1.1 only, as API servers do to webhooks.
func Open(ctx context.Context, address string, configure func(*tls.Config), log *slog.Logger) (*Door, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the webhooks cannot be served: %w", err)
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS13}
	configure(settings)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	d := &Door{hooks: http.NewServeMux(), listener: closedOnce(netutil.LimitListener(listener, mostConnections))}
	d.server = &http.Server{
		// The context of a request ends with its connection and never before: that of
		// Start is done while there are still requests to be answered.
		Handler:           d.lastOfItsConnection(d.hooks),
		TLSConfig:         settings,
		Protocols:         protocols,
		MaxHeaderBytes:    mostHeader,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       requestWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleFor,
		// Mostly that somebody does not trust the certificate.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return d, nil
}

// once is a listener that may be closed twice: by Leave and, in the moment before it has
// noticed that, by its server.
type once struct {
	net.Listener
	close func() error
}

func closedOnce(listener net.Listener) once {
	return once{listener, sync.OnceValue(listener.Close)}
}

// Close closes the listener the first time, and returns the same error every time.
func (o once) Close() error { return o.close() }

// Address is where the door is.
func (d *Door) Address() string { return d.listener.Addr().String() }

// NeedLeaderElection is false: every replica serves.
func (d *Door) NeedLeaderElection() bool { return false }

// Register has a handler answer the requests for a path.
func (d *Door) Register(path string, hook http.Handler) { d.hooks.Handle(path, hook) }

// WebhookMux is where the handlers are registered.
func (d *Door) WebhookMux() *http.ServeMux { return d.hooks }

// StartedChecker is Ready as a check of the manager's.
func (d *Door) StartedChecker() healthz.Checker {
	return func(*http.Request) error { return d.Ready() }
}

// Start serves until Leave, or until ctx is done, and then returns when the last
// request is answered. It returns an error where it can no longer serve.
func (d *Door) Start(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- d.server.ServeTLS(d.listener, "", "") }()
	d.serving.Store(true)
	select {
	case err := <-ended:
		if !errors.Is(err, http.ErrServerClosed) && !d.leaving.Load() {
			return fmt.Errorf("the webhooks can no longer be served: %w", err)
		}
		return nil
	case <-ctx.Done():
		d.leaving.Store(true)
		return d.close(context.WithoutCancel(ctx))
	}
}

// Ready returns an error before the door serves, and as soon as it is to be left. It
// does not knock: a door with a queue in front of it would not open, and the queue would
// only move on to the next.
func (d *Door) Ready() error {
	switch {
	case d.leaving.Load():
		return errors.New("the server is about to end")
	case !d.serving.Load():
		return errors.New("the webhooks are not served yet")
	}
	return nil
}

// Leave is how to stop without turning anybody away. The door is not ready from now on,
// and serves as before until quiet is done, in which time API servers hear that they
// should go elsewhere; each answer then is the last of its connection. After that nobody
// is let in, and Leave returns when all who are inside are answered and nobody has asked for
// a moment. It returns an error if some were cut off, as they took longer than any API
// server waits.
func (d *Door) Leave(quiet context.Context) error {
	d.leaving.Store(true)
	<-quiet.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(quiet), LastAnswerWithin)
	defer cancel()
	if err := d.listener.Close(); err != nil {
		return fmt.Errorf("the port cannot be closed: %w", err)
	}
	d.calmDown(ctx)
	return d.close(ctx)
}

// calmDown waits until nobody has asked for a moment.
func (d *Door) calmDown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, calmWithin)
	defer cancel()
	for {
		rest := calm - time.Since(time.Unix(0, d.asked.Load()))
		if rest <= 0 {
			return
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
	}
}

func (d *Door) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, LastAnswerWithin)
	defer cancel()
	if err := d.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off after %s: %w", LastAnswerWithin, err), d.server.Close())
	}
	return nil
}

// lastOfItsConnection has clients close their connections while the door is being left.
// To close idle ones from here would cut off whoever is just about to use one.
func (d *Door) lastOfItsConnection(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Store(time.Now().UnixNano())
		if d.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
