package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// api is the API server for what kubectl is too slow for.
type api struct {
	url  string
	user string // who asks; the administrator if empty
}

// as asks for another user, who has all rights.
func (a api) as(user string) api {
	a.user = user
	return a
}

// api starts a proxy to the API server that ends with the test.
func (s *stage) api(t *testing.T) api {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	proxy := s.Kubectl(ctx, "proxy", "--port=0")
	out, err := proxy.StdoutPipe()
	if err == nil {
		err = proxy.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = proxy.Wait() // it was told to end
	})
	line, err := bufio.NewReader(out).ReadString('\n') // Starting to serve on 127.0.0.1:12345
	if err != nil {
		t.Fatal(err)
	}
	return api{url: "http://" + line[strings.LastIndex(line, " ")+1:len(line)-1]}
}

// resources are the paths of the kinds that the tests write, in the namespace
// default.
var resources = map[string]string{
	"Service":         "/api/v1/namespaces/default/services",
	"DestinationRule": "/apis/networking.istio.io/v1/namespaces/default/destinationrules",
	"VirtualService":  "/apis/networking.istio.io/v1/namespaces/default/virtualservices",
}

// apply is a server-side apply.
func (a api) apply(ctx context.Context, kind, name string, object []byte, query string) error {
	path := resources[kind] + "/" + name + "?force=true&fieldManager=test" + query
	return a.do(ctx, http.MethodPatch, path, "application/apply-patch+yaml", object)
}

// delete deletes an object, which need not be there.
func (a api) delete(ctx context.Context, kind, name string) error {
	err := a.do(ctx, http.MethodDelete, resources[kind]+"/"+name, "", nil)
	if err != nil && strings.HasPrefix(err.Error(), "404") {
		return nil
	}
	return err
}

// fetch returns the body of what is at a URL.
func fetch(t *testing.T, url string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

// do returns an error that starts with the status of an answer that is a refusal.
func (a api) do(ctx context.Context, method, path, media string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", media)
	if a.user != "" {
		request.Header.Set("Impersonate-User", a.user)
		request.Header.Set("Impersonate-Group", "system:masters")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", response.Status, path, answer)
	}
	return nil
}
