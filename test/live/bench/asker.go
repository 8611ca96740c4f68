package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// connections are kept open to a replica, as many as an API server keeps.
	connections = 25
	// tried is how long a rate is.
	tried = 5 * time.Second
	// mostLate is how much a question may be behind its time before a trial is given up.
	mostLate = time.Second
)

// asker asks a replica one question at a rate.
type asker struct {
	question
	url    string
	client *http.Client
}

// newAsker returns an error where the roots are none.
func newAsker(url string, roots []byte, q question) (*asker, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		return nil, errors.New("there is no certificate in what should be roots")
	}
	// HTTP/1.1, which is what API servers speak to webhooks.
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
	}
	return &asker{question: q, url: url + q.path, client: &http.Client{Transport: transport}}, nil
}

func (a *asker) close() { a.client.CloseIdleConnections() }

// errLate says that a question could not be asked in time.
var errLate = errors.New("the rate is not reached")

// warm asks as fast as it goes, so that all connections are there before anything is timed.
func (a *asker) warm(ctx context.Context) error {
	const questions, atOnce = 1000, 1_000_000
	_, err := a.ask(ctx, atOnce, questions)
	return err
}

// try asks at a rate for a while.
func (a *asker) try(ctx context.Context, rate int) (trial, error) {
	return a.ask(ctx, rate, a.times(rate))
}

// times is how many questions a trial of a rate has.
func (a *asker) times(rate int) int { return int(tried.Seconds()) * rate }

// ask asks at a rate, whether or not what was asked before has been answered. Each answer
// takes from when its question was due, so that waiting for a connection counts.
func (a *asker) ask(ctx context.Context, rate, many int) (trial, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	each := make([]time.Duration, many)
	var next atomic.Int64
	var working sync.WaitGroup
	began := time.Now()
	for range connections {
		working.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(each) && ctx.Err() == nil; n = int(next.Add(1)) - 1 {
				due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
				time.Sleep(time.Until(due))
				if time.Since(due) > mostLate {
					fail(errLate)
				}
				if err := a.once(ctx, n); err != nil {
					fail(err)
				}
				each[n] = time.Since(due)
			}
		})
	}
	working.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, errLate) {
		return trial{rate: rate, late: true}, nil
	}
	return trial{rate: rate, each: distribution(each)}, err
}

func (a *asker) once(ctx context.Context, n int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(a.bodies[n%len(a.bodies)]))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(a.says)) || bytes.Contains(answer, []byte(a.never)) {
		return fmt.Errorf("answered with %s %s; want %s and no %s", response.Status, answer, a.says, a.never)
	}
	return nil
}
