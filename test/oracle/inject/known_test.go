package inject_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/meshward/meshward/test/oracle/inject"
	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// knowns are workloads, what a better injector makes of them, and as which difference
// that is known.
var knowns = map[string]struct {
	pod    string
	better altered
	want   string
}{
	"left as it is": {
		`{"metadata":{"name":"p","annotations":{"sidecar.istio.io/status":"{}"}},"spec":{"containers":[{"name":"c"}]}}`,
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "", nil }},
		"already-injected",
	},
	"a denial is not left as it is": {
		`{"metadata":{"name":"p","annotations":{"sidecar.istio.io/status":"{}"}},"spec":{"containers":[{"name":"c"}]}}`,
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "no", nil }},
		"",
	},
	"cleared": {
		`{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","readinessProbe":{"httpGet":{"port":80,"host":"localhost"}}}]}}`,
		altered{webhook: func(patch []byte) ([]byte, string, error) {
			host := []byte(`[{"op":"remove","path":"/spec/containers/0/readinessProbe/httpGet/host"},`)
			return bytes.Replace(patch, []byte("["), host, 1), "", nil
		}},
		"localhost-probe",
	},
	"cleared and more": {
		`{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","readinessProbe":{"httpGet":{"port":80,"host":"localhost"}}}]}}`,
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "", nil }},
		"",
	},
	"validated": {
		`{"metadata":{"name":"p","annotations":{"traffic.sidecar.istio.io/includeOutboundPorts":"x"}},"spec":{"containers":[{"name":"c"}]}}`,
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "not a port", nil }},
		"include-outbound-ports",
	},
	"an error that nobody knows": {
		`{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}}`,
		altered{webhook: func([]byte) ([]byte, string, error) { return nil, "", errors.New("x") }},
		"",
	},
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for name, c := range knowns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.better.Side = inject.Calm{Side: istio}
			pair := inject.Pair{Istio: istio, Ours: c.better}
			got, err := pair.Compare(asked(c.pod), inject.Webhook)
			if err != nil {
				t.Fatal(err)
			}
			if got.At == "" || got.Known != c.want {
				t.Errorf("known as %q, want %q; %s\n%s", got.Known, c.want, got.At, got.Diff)
			}
		})
	}
}

// A Job that gets a native sidecar is known, and one that gets anything else is not.
func TestNativeJob(t *testing.T) {
	t.Parallel()
	c := asked(`{"metadata":{"generateName":"j-","ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"j","controller":true}]},"spec":{"containers":[{"name":"c"}]}}`)
	pair := inject.Pair{Istio: istio, Ours: native{istio}}
	got, err := pair.Compare(c, inject.Webhook)
	if err != nil {
		t.Fatal(err)
	}
	if got.Known != "native-jobs" {
		t.Errorf("known as %q: %s\n%s", got.Known, got.At, got.Diff)
	}
	pair.Ours = altered{Side: istio, webhook: func([]byte) ([]byte, string, error) { return nil, "", nil }}
	if got, err = pair.Compare(c, inject.Webhook); err != nil || !got.Differs() {
		t.Errorf("no difference: %v, known as %q", err, got.Known)
	}
}

// native is a side for which all sidecars are native.
type native struct{ inject.Side }

func (n native) Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error) {
	f, err = files.Of(f.Name, true)
	if err != nil {
		return nil, "", err
	}
	return n.Side.Webhook(f, r)
}

func asked(pod string) *gen.Case {
	return &gen.Case{Installation: "default", Kind: "Pod", Request: &gen.Request{Pod: []byte(pod), Namespace: "default", Path: "/inject"}}
}
