package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/meshward/meshward/test/cluster/internal/pki"
)

// apiClient talks to the API server as the admin. It is all that starting a
// cluster takes, and spares whoever imports this package a Kubernetes client.
type apiClient struct {
	url  string
	http *http.Client
}

func newAPIClient(url string, authority *pki.Authority) (*apiClient, error) {
	pair, err := authority.Client("admin", "system:masters")
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		return nil, fmt.Errorf("load the certificate of the admin: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}},
		ForceAttemptHTTP2: true,
		IdleConnTimeout:   time.Second,
	}
	return &apiClient{url: url, http: &http.Client{Transport: transport}}, nil
}

// get reads an object into a JSON value, or nothing if into is nil.
func (c *apiClient) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, accept: jsonType}, into)
}

// discover returns the resources of all API groups, as in
// virtualservices.networking.istio.io, from where every client looks first.
func (c *apiClient) discover(ctx context.Context) (map[string]bool, error) {
	const aggregated = jsonType + ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Versions []struct {
				Resources []struct{ Resource string }
			}
		}
	}
	if err := c.do(ctx, call{method: http.MethodGet, path: "/apis", accept: aggregated}, &list); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, group := range list.Items {
		for _, version := range group.Versions {
			for _, resource := range version.Resources {
				found[resource.Resource+"."+group.Metadata.Name] = true
			}
		}
	}
	return found, nil
}

// create posts an object and reads what became of it into a JSON value, or
// nothing if into is nil.
func (c *apiClient) create(ctx context.Context, path string, object, into any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return c.do(ctx, call{method: http.MethodPost, path: path, accept: jsonType, contentType: jsonType, body: body}, into)
}

// createYAML is create for an object that is YAML already.
func (c *apiClient) createYAML(ctx context.Context, path string, document []byte, into any) error {
	return c.do(ctx, call{method: http.MethodPost, path: path, accept: jsonType, contentType: "application/yaml", body: document}, into)
}

// call is a request to the API server.
type call struct {
	method, path        string
	accept, contentType string // media types of the answer and of the body
	body                []byte
}

const jsonType = "application/json"

func (c *apiClient) do(ctx context.Context, call call, into any) error {
	request, err := http.NewRequestWithContext(ctx, call.method, c.url+call.path, bytes.NewReader(call.body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", call.accept)
	if call.contentType != "" {
		request.Header.Set("Content-Type", call.contentType)
	}
	response, err := c.http.Do(request)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // err says no more than that it was cancelled
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", call.method, call.path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", call.method, call.path, response.Status, message(answer))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// message is what a refusal says: that of a Status where the API server sends
// one, else the text.
func message(answer []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &status) == nil && status.Message != "" {
		return status.Message
	}
	return string(bytes.TrimSpace(answer))
}
