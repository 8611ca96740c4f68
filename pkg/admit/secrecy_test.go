package admit_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// secret stands in objects, wherever something can.
const secret = "s3cr3t"

// TestNothingOfObjectsIsLogged sends objects that hold a secret, sound and odd, to webhooks
// in all states, and looks for it in the log and in the metrics. Who asks, and how odd it
// is, must not make series either.
func TestNothingOfObjectsIsLogged(t *testing.T) {
	var log bytes.Buffer
	said := map[string]bool{
		"panic": false, "refused a request that is no admission review": false,
		"a denial could not be confirmed": false, "there was no time to judge a change": false,
	}
	broken := snapshot(t, []byte(brokenByAnyRoute))
	for state, set := range map[string]func(*settings, *stored){
		"sound":       func(*settings, *stored) {},
		"unreachable": func(_ *settings, s *stored) { s.live = nil },
		"overloaded":  func(with *settings, _ *stored) { with.slots, with.queue = 0, 0 },
		"unknown":     func(with *settings, _ *stored) { with.known = func() error { return errors.New("not read yet") } },
	} {
		with, held := defaults(), &stored{known: broken, live: broken}
		with.log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		with.registry = prometheus.NewRegistry()
		set(&with, held)
		handler := webhooks(t, held, with)
		for i, body := range secretive() {
			for _, path := range []string{"/inject", "/validate", "/panic"} {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				handler.ServeHTTP(httptest.NewRecorder(), r)
				if strings.Contains(log.String(), secret) {
					t.Fatalf("%s, %s, request %d:\n%s\nis logged:\n%s", state, path, i, body, &log)
				}
				for line := range said {
					said[line] = said[line] || strings.Contains(log.String(), line)
				}
				log.Reset()
			}
		}
		holdsNoSecret(t, with.registry)
	}
	for line, was := range said {
		if !was {
			t.Errorf("%q is not logged: the requests do not get that far", line)
		}
	}
}

// brokenByAnyRoute is a host whose subsets no route of secretive names.
const brokenByAnyRoute = `
apiVersion: v1
kind: Service
metadata: {name: x, namespace: a}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: x, namespace: a}
spec: {host: x, subsets: [{name: v1}]}
`

// secretive are reviews, whole and broken, of objects that hold the secret.
func secretive() []string {
	var bodies []string
	for _, object := range secretObjects() {
		for _, operation := range []string{"CREATE", "UPDATE", "DELETE"} {
			for _, kind := range append(mesh.Kinds(), "Pod", "Secret") {
				group := kind.GroupVersion()
				resource := strings.ToLower(string(kind)) + "s"
				bodies = append(bodies, fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
					"uid":"u","operation":%q,"namespace":"a","name":"n","kind":{"group":%q,"version":%q,"kind":%q},
					"resource":{"resource":%q},"userInfo":{"username":"user-%d"},"object":%s,"oldObject":{"spec":{}}}}`,
					operation, group.Group, group.Version, kind, resource, len(bodies), object))
			}
		}
	}
	whole := bodies[0]
	return append(bodies, whole[:strings.Index(whole, secret)+len(secret)], secret, `"`+secret+`"`, `{"spec":"`+secret+`"}`, `["`+secret+`"]`)
}

func secretObjects() []string {
	const metadata = `"metadata":{"name":"n","namespace":"a","labels":{"l":"s3cr3t"},"annotations":{"meshward.io/allow":"zero-weights: s3cr3t","a":"s3cr3t"}}`
	objects := []string{`"s3cr3t"`, `["s3cr3t"]`, `{"metadata":"s3cr3t"}`, `{"metadata":{"creationTimestamp":"s3cr3t","name":"n"}}`, `{"metadata":{"labels":["s3cr3t"]}}`}
	for _, spec := range []string{
		`"s3cr3t"`,
		`{"hosts":["x"],"http":[{"name":"s3cr3t","route":[{"destination":{"host":"x","subset":"s3cr3t"}}]}]}`,
		`{"hosts":["s3cr3t"],"host":"s3cr3t","subsets":[{"name":"s3cr3t"}],"http":[{"route":[{"destination":{"host":"s3cr3t","subset":"s3cr3t"}}]}]}`,
		`{"http":[{"timeout":"s3cr3t"}],"resolution":"s3cr3t","trafficPolicy":{"loadBalancer":{"simple":"s3cr3t"}},"servers":[{"tls":{"mode":"s3cr3t"}}]}`,
		`{"ports":[{"port":"s3cr3t"}],"rules":"s3cr3t","containers":[{"name":"s3cr3t","env":[{"name":"A","value":"s3cr3t"}],"ports":"s3cr3t"}]}`,
		`{"containers":[{"name":"c","image":"s3cr3t","env":[{"name":"A","value":"s3cr3t"}]}]}`,
	} {
		objects = append(objects, `{`+metadata+`,"spec":`+spec+`,"data":{"password":"s3cr3t"}}`)
	}
	return objects
}

// holdsNoSecret looks through the metrics of a few hundred odd requests.
func holdsNoSecret(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"webhook", "outcome", "rule", "verdict", "reason"}
	for _, family := range families {
		if series := len(family.GetMetric()); series > 60 {
			t.Errorf("%s has %d series", family.GetName(), series)
		}
		for _, series := range family.GetMetric() {
			for _, label := range series.GetLabel() {
				if !slices.Contains(known, label.GetName()) || strings.Contains(label.GetValue(), secret) {
					t.Errorf("%s has the label %s=%q", family.GetName(), label.GetName(), label.GetValue())
				}
			}
		}
	}
}
