package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// action is one kind of admission.
type action struct {
	name string
	// ask makes the request of that number, or nothing if there is nothing to do it with.
	ask func(n int) *ask
	// want says what is wrong about an answer, or nothing.
	want func(answer) string
	// after puts back what the request took or left.
	after func(context.Context, *ask, answer)
}

const (
	pods     = "/api/v1/namespaces/" + Namespace + "/pods"
	services = "/apis/networking.istio.io/v1/namespaces/" + Namespace + "/virtualservices"
)

// roundOf is how many admissions come before the first kind comes again.
const roundOf = 40

// actions are what is done in turn: mostly pods, as in a cluster.
func (l *Load) actions() [roundOf]action {
	dry := action{name: "pods, on a dry run", ask: dryPod, want: injected}
	stored := action{name: "pods that are stored", ask: storedPod, want: injected, after: l.remove}
	edit := action{name: "routes changed for good", ask: l.standing.edit(goodEdit), want: admitted, after: l.standing.edited}
	spoil := action{name: "routes changed for bad", ask: l.standing.edit(badEdit), want: denied, after: l.mendIfStored}
	bad := action{name: "bad routes made", ask: badRoute, want: denied, after: l.removeIfStored}
	made := action{name: "good routes made", ask: l.spare.create, want: admitted, after: l.spare.created}
	gone := action{name: "routes removed", ask: l.spare.delete, want: admitted, after: l.spare.deleted}
	round := [roundOf]action{
		1: bad, 3: made, 5: edit, 8: stored, 11: edit, 14: gone, 17: edit, 21: spoil, 23: made, 25: edit, 28: stored, 34: gone,
	}
	for i := range round {
		if round[i].ask == nil {
			round[i] = dry
		}
	}
	return round
}

func dryPod(n int) *ask { return podOf("dry", n, "?dryRun=All") }

func storedPod(n int) *ask { return podOf("stored", n, "") }

func podOf(what string, n int, query string) *ask {
	name := fmt.Sprintf("%s-%d", what, n)
	return &ask{method: http.MethodPost, path: pods + query, contentType: asJSON, body: fmt.Appendf(nil, pod, name), name: name}
}

func badRoute(n int) *ask {
	name := fmt.Sprintf("bad-%d", n)
	return &ask{method: http.MethodPost, path: services, contentType: asJSON, body: fmt.Appendf(nil, route, name, name, bare, "v9"), name: name}
}

// injected holds the pod that was answered to having exactly one proxy.
func injected(got answer) string {
	if wrong := admitted(got); wrong != "" {
		return wrong
	}
	if got.status == http.StatusConflict { // stored by a try whose answer was lost; the watch sees it
		return ""
	}
	var created Pod
	if err := json.Unmarshal(got.body, &created); err != nil {
		return err.Error()
	}
	return created.Wrong()
}

func admitted(got answer) string {
	if got.succeeded() {
		return ""
	}
	return "it was not admitted"
}

func denied(got answer) string {
	switch {
	case got.status != http.StatusForbidden:
		return "it was not refused"
	case !got.says("undefined-subset"):
		return "it was refused for another reason"
	}
	return ""
}

// remove removes the pod that was stored. That is no admission of ours.
func (l *Load) remove(ctx context.Context, ask *ask, got answer) {
	if got.succeeded() {
		l.delete(ctx, pods+"/"+ask.name+"?gracePeriodSeconds=0")
	}
}

// removeIfStored removes what should never have been let in, so that it is counted once.
func (l *Load) removeIfStored(ctx context.Context, ask *ask, got answer) {
	if got.succeeded() || got.tries > 0 { // by a try whose answer was lost
		l.delete(ctx, services+"/"+ask.name)
	}
}

// mendIfStored takes back what should never have been let in: a fault that stands already
// is no reason to refuse it once more.
func (l *Load) mendIfStored(ctx context.Context, ask *ask, got answer) {
	if got.succeeded() || got.tries > 0 {
		mended := *ask
		mended.body = goodEdit(ask.name, 0)
		l.try(ctx, &mended)
	}
	l.standing.edited(ctx, ask, got)
}

func (l *Load) delete(ctx context.Context, path string) {
	l.try(ctx, &ask{method: http.MethodDelete, path: path, contentType: asJSON})
}

// standing are the routes that are changed, each by one at a time: a patch that meets another
// is done over by the API server, and every time over reviewed.
type standing chan string

func newStanding() standing {
	s := make(standing, len(standingRoutes))
	for _, name := range standingRoutes {
		s <- name
	}
	return s
}

func (s standing) edit(body func(name string, n int) []byte) func(n int) *ask {
	return func(n int) *ask {
		select {
		case name := <-s:
			return &ask{method: http.MethodPatch, path: services + "/" + name, contentType: asMerge, body: body(name, n), name: name}
		default:
			return nil
		}
	}
}

func (s standing) edited(_ context.Context, ask *ask, _ answer) { s <- ask.name }

// spares are routes that are made and removed, each by one at a time.
type spares struct{ absent, present chan string }

func newSpares() *spares {
	s := &spares{absent: make(chan string, len(spareRoutes)), present: make(chan string, len(spareRoutes))}
	for _, name := range spareRoutes {
		s.absent <- name
	}
	return s
}

func (s *spares) create(int) *ask {
	select {
	case name := <-s.absent:
		return &ask{method: http.MethodPost, path: services, contentType: asJSON, body: fmt.Appendf(nil, route, name, name, name, "v2"), name: name}
	default:
		return nil
	}
}

func (s *spares) created(_ context.Context, ask *ask, got answer) {
	if got.succeeded() {
		s.present <- ask.name
		return
	}
	s.absent <- ask.name
}

func (s *spares) delete(int) *ask {
	select {
	case name := <-s.present:
		return &ask{method: http.MethodDelete, path: services + "/" + name, contentType: asJSON, name: name}
	default:
		return nil
	}
}

func (s *spares) deleted(_ context.Context, ask *ask, got answer) {
	if got.succeeded() {
		s.absent <- ask.name
		return
	}
	s.present <- ask.name
}
