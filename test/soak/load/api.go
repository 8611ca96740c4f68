package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// answerWithin bounds how long an answer may take. It is more than the webhooks' time
// and a stalled etcd's together.
const answerWithin = 30 * time.Second

// api is an API server as clients see it that go by its readiness, as load balancers have
// them do: one that has just started does not know its webhooks yet.
type api struct {
	host   string
	client *http.Client

	mu   sync.Mutex
	back chan struct{} // closed once the API server is ready again; nil where it was not away
}

func newAPI(cluster *rest.Config) (*api, error) {
	client, err := rest.HTTPClientFor(cluster)
	if err != nil {
		return nil, err
	}
	client.Timeout = answerWithin
	return &api{host: cluster.Host, client: client}, nil
}

// do asks once the API server is ready.
func (a *api) do(ctx context.Context, ask *ask) answer {
	if err := a.ready(ctx); err != nil {
		return answer{err: err}
	}
	got := a.ask(ctx, ask)
	if got.err != nil && ctx.Err() == nil {
		a.away(ctx)
	}
	return got
}

// ready waits for an API server that was away.
func (a *api) ready(ctx context.Context) error {
	a.mu.Lock()
	back := a.back
	a.mu.Unlock()
	if back == nil {
		return nil
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// away has nobody ask before the API server is ready again.
func (a *api) away(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.back != nil {
		return
	}
	a.back = make(chan struct{})
	go a.await(context.WithoutCancel(ctx))
}

// await looks until the API server is ready, or its patience ends.
func (a *api) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for ctx.Err() == nil {
		if got := a.ask(ctx, &askReady); got.status == http.StatusOK {
			break
		}
		<-again.C
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.back)
	a.back = nil
}

var askReady = ask{method: http.MethodGet, path: "/readyz"}

func (a *api) ask(ctx context.Context, ask *ask) answer {
	request, err := http.NewRequestWithContext(ctx, ask.method, a.host+ask.path, bytes.NewReader(ask.body))
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("Accept", asJSON)
	request.Header.Set("Content-Type", ask.contentType)
	response, err := a.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{err: err, status: response.StatusCode, body: body, warnings: response.Header.Values("Warning")}
}

func (a answer) says(text string) bool { return bytes.Contains(a.body, []byte(text)) }

// failed returns whether the API server blames a webhook, which is what must never be.
func (a answer) failed() bool {
	return a.status >= http.StatusInternalServerError && a.says("webhook")
}

// untaken returns whether the API server itself could not do it: it restarts, is told to
// wait, or its etcd does not answer. That is no fault of a webhook, and every client
// tries again.
func (a answer) untaken() bool {
	switch {
	case a.err != nil:
		return true
	case a.failed():
		return false
	case a.status == http.StatusConflict && !a.says("already exists"):
		return true // two writers met
	case a.status == http.StatusForbidden && !a.says("denied the request"):
		return true // RBAC of a starting API server is not read yet
	case a.status == http.StatusUnauthorized:
		return true
	}
	return a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError
}

// reason is what the API server says, without what is another each time.
func (a answer) reason() string {
	if a.err != nil {
		return changing.ReplaceAllString(a.err.Error(), "…")
	}
	var status struct{ Message string }
	if err := json.Unmarshal(a.body, &status); err != nil {
		status.Message = string(a.body)
	}
	text := []string{fmt.Sprint(a.status)}
	for _, said := range append([]string{status.Message}, a.warnings...) {
		const most = 200
		said, _, _ = strings.Cut(said, ": route to")
		text = append(text, changing.ReplaceAllString(said[:min(most, len(said))], "…"))
	}
	return strings.Join(text, " ")
}

// changing are addresses, ports and numbers.
var changing = regexp.MustCompile(`\d+(\.\d+){3}(:\d+)?|-\d+|:\d{4,}`)
