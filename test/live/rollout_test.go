package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meshward/meshward/test/live"
	"github.com/meshward/meshward/test/live/balancer"
)

const (
	rolloutReplicas = 2
	rolloutRounds   = 2
	// every is 100 admissions in a second.
	every = 10 * time.Millisecond
	// mostAtOnce is where a slow machine gets less than that, and not more and more behind.
	mostAtOnce = 16
	// quiet is shorter than in a cluster, as the balancer asks more often than a kubelet.
	quiet = 2 * time.Second
)

// TestRollout replaces each of two replicas by a new one, twice, while there are 100
// admissions in a second. Not one of them may fail, and not one may be decided wrongly:
// a pod without its sidecar, or a broken route that nothing is said about.
func TestRollout(t *testing.T) {
	s := open(t)
	to := s.api(t)
	s.must(t, to, "Service", "rolled", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"rolled"},"spec":{"ports":[{"name":"http","port":80}]}}`)
	s.must(t, to, "DestinationRule", "rolled", ruleOf("rolled", 1))
	s.kubectl(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"rolled","labels":{"istio-injection":"enabled"}}}`, "apply", "-f", "-")

	r := s.rollout(t)
	for range rolloutReplicas {
		r.start(t)
	}
	s.sendTo(t, to, r.balancer.Address(), false)
	defer s.sendTo(t, to, s.door.Address(), true)

	began, load := time.Now(), s.load(t, to)
	for range rolloutRounds * rolloutReplicas {
		r.start(t)
		r.stopFirst(t)
	}
	load.stop()
	// The API server keeps to the connections that it has, so that a replica which starts and
	// ends beside another may never get one.
	if stopped := rolloutRounds * rolloutReplicas; 2*r.asked < stopped {
		t.Errorf("of %d replicas that were stopped, only %d were ever asked", stopped, r.asked)
	}
	t.Logf("%d admissions in %s, %d restarts, %d lost or wrong", load.sent.Load(), time.Since(began).Round(time.Second), rolloutRounds*rolloutReplicas, load.failed.Load())
	if load.sent.Load() == 0 {
		t.Error("there was no load")
	}
}

// rollout is what is rolled.
type rollout struct {
	stage    *stage
	balancer *balancer.Balancer
	replicas []*live.Replica
	started  int
	asked    int // of those that were stopped
}

func (s *stage) rollout(t *testing.T) *rollout {
	t.Helper()
	// Both outlive the last change of the webhook configurations, below.
	b, err := balancer.Listen(context.WithoutCancel(t.Context()), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rollout{stage: s, balancer: b}
	t.Cleanup(func() {
		for len(r.replicas) > 0 {
			r.stopFirst(t)
		}
		b.Close()
	})
	return r
}

// start starts a replica and waits until it gets connections.
func (r *rollout) start(t *testing.T) {
	t.Helper()
	r.started++
	replica, err := r.stage.door.Replica(t.Context(), fmt.Sprintf("replica-%d", r.started), "--shutdown-delay", quiet.String())
	if err != nil {
		t.Fatal(err)
	}
	r.replicas = append(r.replicas, replica)
	r.balancer.Add(balancer.Backend{Address: replica.Address, Ready: replica.Ready})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.balancer.Await(ctx, replica.Address, true); err != nil {
		text, _ := os.ReadFile(replica.Log)
		t.Fatalf("%v\n%s", err, text)
	}
}

// stopFirst stops the replica that runs for longest.
func (r *rollout) stopFirst(t *testing.T) {
	t.Helper()
	first := r.replicas[0]
	r.replicas = r.replicas[1:]
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	r.balancer.Remove(first.Address)
	if r.balancer.Given(first.Address) > 0 {
		r.asked++
	}
	text, err := os.ReadFile(first.Log)
	if err != nil || strings.Contains(string(text), "DATA RACE") || strings.Contains(string(text), "panic") {
		t.Errorf("%v\n%s", err, text)
	}
}

// sendTo has the API server ask whoever is at an address, and waits until it does: until
// the door is asked, or is not asked any more.
func (s *stage) sendTo(t *testing.T, to api, address string, door bool) {
	t.Helper()
	for _, kind := range []string{"mutatingwebhookconfiguration", "validatingwebhookconfiguration"} {
		var stored struct {
			Webhooks []struct {
				ClientConfig struct{ URL string }
			}
		}
		if err := json.Unmarshal([]byte(s.kubectl(t, "", "get", kind, "meshward", "-o", "json")), &stored); err != nil {
			t.Fatal(err)
		}
		var patch []string
		for i, webhook := range stored.Webhooks {
			path := webhook.ClientConfig.URL[strings.LastIndex(webhook.ClientConfig.URL, "/"):]
			patch = append(patch, fmt.Sprintf(`{"op":"replace","path":"/webhooks/%d/clientConfig/url","value":"https://%s%s"}`, i, address, path))
		}
		s.kubectl(t, "", "patch", kind, "meshward", "--type=json", "-p", "["+strings.Join(patch, ",")+"]")
	}
	asked := func() (injects, validates int) {
		injected, validated := s.asked(t, "inject"), s.asked(t, "validate")
		admitPod(t.Context(), to)
		admitRoute(t.Context(), to)
		return s.asked(t, "inject") - injected, s.asked(t, "validate") - validated
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		injects, validates := asked()
		if injects > 0 == door && validates > 0 == door {
			return
		}
	}
	t.Fatalf("within a minute the API server does not ask %s", address)
}

// asked is how often the door was asked.
func (s *stage) asked(t *testing.T, webhook string) int {
	t.Helper()
	text, err := fetch(t, s.door.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(text) {
		var count int
		if !strings.HasPrefix(line, "meshward_admission_reviews_total{") || !strings.Contains(line, fmt.Sprintf("webhook=%q", webhook)) {
			continue
		}
		if _, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &count); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		total += count
	}
	return total
}

// load asks for admissions until it is stopped.
type load struct {
	sent, failed atomic.Int64
	stop         func()
}

func (s *stage) load(t *testing.T, to api) *load {
	t.Helper()
	l := &load{}
	ctx, cancel := context.WithCancel(t.Context())
	turns := make(chan int64)
	var sending sync.WaitGroup
	for range mostAtOnce {
		sending.Go(func() {
			for turn := range turns {
				if err := admit(t.Context(), to, turn); err != nil {
					l.failed.Add(1)
					t.Errorf("admission %d: %v", turn, err)
				}
			}
		})
	}
	sending.Go(func() {
		defer close(turns)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for ctx.Err() == nil {
			select {
			case turns <- l.sent.Add(1):
			case <-ctx.Done():
			}
			<-tick.C
		}
	})
	l.stop = func() {
		cancel()
		sending.Wait()
	}
	return l
}

func admit(ctx context.Context, to api, turn int64) error {
	if turn%2 == 0 {
		return admitRoute(ctx, to)
	}
	return admitPod(ctx, to)
}

// admitPod returns an error where a pod does not get its sidecar. It is not stored.
func admitPod(ctx context.Context, to api) error {
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"rolled-"},"spec":{"containers":[{"name":"app","image":"app"}]}}`
	status, answer, err := to.post(ctx, "/api/v1/namespaces/rolled/pods?dryRun=All", pod)
	if err != nil {
		return err
	}
	if status != http.StatusCreated || !strings.Contains(answer, `"istio-proxy"`) {
		return fmt.Errorf("a pod: %d: %s", status, answer)
	}
	return nil
}

// admitRoute returns an error where a route to a subset that does not exist is not found
// out. It is a dry run: a denial is confirmed by reading the API server within a second,
// and this is no test of how fast that is here.
func admitRoute(ctx context.Context, to api) error {
	const route = `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"rolled"},` +
		`"spec":{"hosts":["rolled.example.com"],"http":[{"route":[{"destination":{"host":"rolled","subset":"v9"}}]}]}}`
	status, answer, err := to.post(ctx, resources["VirtualService"]+"?dryRun=All", route)
	if err != nil {
		return err
	}
	if status != http.StatusCreated || !strings.Contains(answer, "would be denied: undefined-subset") {
		return fmt.Errorf("a route: %d: %s", status, answer)
	}
	return nil
}

// loaded keeps more connections than the default does.
var loaded = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// post returns the answer with the warnings in front.
func (a api) post(ctx context.Context, path, body string) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := loaded.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, fmt.Sprint(response.Header["Warning"], string(text)), err
}
