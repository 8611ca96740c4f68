package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/test/sized"
)

// apiServer answers as an API server does whose cluster has Istio, within the process: with
// all of a kind when a watch of it begins, and nothing after that.
type apiServer struct {
	events map[string][]byte // by resource
}

const istioVersion = "networking.istio.io/v1"

// resources are what is served, by version.
var resources = map[string]map[string]mesh.Kind{
	"v1": {"services": mesh.KindService, "namespaces": mesh.KindNamespace},
	istioVersion: {
		"destinationrules": mesh.KindDestinationRule, "gateways": mesh.KindGateway, "serviceentries": mesh.KindServiceEntry,
		"sidecars": mesh.KindSidecar, "virtualservices": mesh.KindVirtualService,
	},
}

// serving holds a mesh as the API server sends it.
func serving(services int) *apiServer {
	texts := map[mesh.Kind]*bytes.Buffer{}
	for _, kind := range mesh.Kinds() {
		texts[kind] = &bytes.Buffer{}
	}
	for o := range sized.Mesh(services) {
		raw := o.JSON
		if o.Ref.Kind == mesh.KindNamespace {
			raw = bytes.Replace(raw, []byte(`"apiVersion":"v1","kind":"Namespace"`), []byte(partial), 1)
		}
		fmt.Fprintf(texts[o.Ref.Kind], `{"type":"ADDED","object":%s}`+"\n", raw)
	}
	server := &apiServer{events: map[string][]byte{}}
	for version, served := range resources {
		for resource, kind := range served {
			bookmark := fmt.Sprintf(`"apiVersion":%q,"kind":%q`, version, kind)
			if kind == mesh.KindNamespace {
				bookmark = partial
			}
			fmt.Fprintf(texts[kind], `{"type":"BOOKMARK","object":{%s,"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n", bookmark)
			server.events[resource] = texts[kind].Bytes()
		}
	}
	return server
}

// partial is how an object says that it is metadata alone.
const partial = `"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata"`

func (s *apiServer) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch events, known := s.events[at]; {
	case known && r.URL.Query().Get("watch") != "":
		rest, end := io.Pipe() // which nothing comes from
		context.AfterFunc(r.Context(), func() { end.Close() })
		return answering(r, io.MultiReader(bytes.NewReader(events), rest)), nil
	case known: // whether there are any is asked first
		kind := `"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadataList"`
		if at != "namespaces" {
			kind = `"apiVersion":"v1","kind":"List"`
		}
		return answering(r, strings.NewReader(`{`+kind+`,"metadata":{"resourceVersion":"1"},"items":[]}`)), nil
	}
	switch r.URL.Path {
	case "/api":
		return answering(r, strings.NewReader(`{"kind":"APIVersions","versions":["v1"]}`)), nil
	case "/api/v1":
		return answering(r, strings.NewReader(discovery("v1"))), nil
	case "/apis":
		return answering(r, strings.NewReader(`{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"networking.istio.io",
			"versions":[{"groupVersion":"networking.istio.io/v1","version":"v1"}]}]}`)), nil
	case "/apis/" + istioVersion:
		return answering(r, strings.NewReader(discovery(istioVersion))), nil
	}
	missing := answering(r, strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`))
	missing.StatusCode, missing.Status = http.StatusNotFound, http.StatusText(http.StatusNotFound)
	return missing, nil
}

func discovery(version string) string {
	var list []string
	for resource, kind := range resources[version] {
		list = append(list, fmt.Sprintf(`{"name":%q,"namespaced":%t,"kind":%q,"verbs":["list","watch"]}`, resource, kind != mesh.KindNamespace, kind))
	}
	return fmt.Sprintf(`{"kind":"APIResourceList","apiVersion":"v1","groupVersion":%q,"resources":[%s]}`, version, strings.Join(list, ","))
}

func answering(to *http.Request, body io.Reader) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Status: http.StatusText(http.StatusOK), Body: io.NopCloser(body), Request: to,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// started reads a mesh from an API server, until all of it is known.
func started(tb testing.TB, server *apiServer) *mesh.Snapshot {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	settings := mesh.DefaultConfig()
	settings.Complete = true
	f, err := feed.New(&rest.Config{Transport: server, QPS: -1}, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	go f.Start(ctx) //nolint:errcheck // it returns none
	now, _, err := f.Next(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return now
}

// TestColdStart holds what the watches bring to what the objects say.
func TestColdStart(t *testing.T) {
	got, want := started(t, serving(60)), shaped(t, 60)
	if got.Len() != want.Len() {
		t.Fatalf("%d objects, want %d", got.Len(), want.Len())
	}
	for ref := range everything(want) {
		if !mesh.Same(got.Get(ref), want.Get(ref)) {
			t.Errorf("%s differs", ref)
		}
	}
}

// BenchmarkColdStart reads a mesh from the bytes that the API server sends, to the moment
// at which the webhook is ready.
func BenchmarkColdStart(b *testing.B) {
	for _, services := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			server := serving(services)
			b.ReportAllocs()
			for b.Loop() {
				started(b, server)
			}
		})
	}
}
