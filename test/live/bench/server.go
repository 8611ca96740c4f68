package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// server is an API server, asked as the administrator.
type server struct {
	url    string
	client *http.Client
}

// connect takes the administrator's credentials from the kubeconfig.
func connect(ctx context.Context, c *cluster.Cluster) (*server, error) {
	text, err := c.Kubectl(ctx, "config", "view", "--raw", "--output=json").Output()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	var config struct {
		Users []struct {
			User struct {
				Certificate []byte `json:"client-certificate-data"`
				Key         []byte `json:"client-key-data"`
			}
		}
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if len(config.Users) != 1 {
		return nil, fmt.Errorf("the kubeconfig has %d users", len(config.Users))
	}
	pair, err := tls.X509KeyPair(config.Users[0].User.Certificate, config.Users[0].User.Key)
	if err != nil {
		return nil, fmt.Errorf("load the certificate of the admin: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.CA())
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	return &server{url: c.URL, client: &http.Client{Transport: transport}}, nil
}

// ask returns the status and the text of an answer.
func (s *server) ask(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (s *server) get(ctx context.Context, path string) ([]byte, error) {
	status, answer, err := s.ask(ctx, http.MethodGet, path, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %s", path, status, answer)
	}
	return answer, err
}

// store creates objects in their order.
func (s *server) store(ctx context.Context, objects []object) error {
	for _, o := range objects {
		status, answer, err := s.ask(ctx, http.MethodPost, o.path, o.body)
		if err != nil {
			return err
		}
		if status != http.StatusCreated {
			return fmt.Errorf("POST %s: %d %s", o.path, status, answer)
		}
	}
	return nil
}

// awaitWithin bounds how long a new namespace may take until pods can be made in it.
const awaitWithin = 30 * time.Second

// await does work until it succeeds.
func (s *server) await(ctx context.Context, w work) error {
	ctx, cancel := context.WithTimeout(ctx, awaitWithin)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := s.do(ctx, w)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// fetch returns what is at a URL that asks for no credentials.
func fetch(ctx context.Context, url string) ([]byte, error) {
	return (&server{url: url, client: http.DefaultClient}).get(ctx, "")
}
