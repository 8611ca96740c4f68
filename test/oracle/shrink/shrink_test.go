package shrink_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/gen"
	"github.com/meshward/meshward/test/oracle/shrink"
	"github.com/meshward/meshward/test/oracle/world"
)

// cases are what a world may be kept for. Every seed that shows it has to come down to
// the same, but for names.
var cases = map[string]struct {
	shows func(*world.World) bool
	want  string
}{
	"a subset": {
		shows: func(w *world.World) bool {
			return anyDestination(w, func(d *networking.Destination) bool { return d.GetSubset() != "" })
		},
		want: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  creationTimestamp: "2026-01-02T03:04:00Z"
  name: name
  namespace: default
spec:
  hosts:
  - host
  http:
  - route:
    - destination:
        host: host
        subset: subset
`,
	},
	"a server of HTTPS": {
		shows: func(w *world.World) bool {
			for _, gw := range world.All[*networkingv1.Gateway](w) {
				for _, server := range gw.Spec.GetServers() {
					if server.GetTls().GetMode() == networking.ServerTLSSettings_SIMPLE {
						return true
					}
				}
			}
			return false
		},
		want: `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  creationTimestamp: "2026-01-02T03:04:00Z"
  name: name
  namespace: default
spec:
  servers:
  - hosts:
    - host
    port:
      name: name
      number: 443
      protocol: HTTPS
    tls:
      credentialName: certificate
      mode: SIMPLE
`,
	},
	"two rules": {
		shows: func(w *world.World) bool { return len(world.All[*networkingv1.DestinationRule](w)) == 2 },
		want: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  creationTimestamp: "2026-01-02T03:04:00Z"
  name: name
  namespace: default
spec:
  host: host
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  creationTimestamp: "2026-01-02T03:04:00Z"
  name: name
  namespace: default
spec:
  host: host
`,
	},
}

func TestSmallest(t *testing.T) {
	t.Parallel()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			met := 0
			for seed := uint64(0); met < 10; seed++ {
				w := gen.World(seed).World
				if !c.shows(w) {
					continue
				}
				met++
				before, asked := yaml(t, w), 0
				small := shrink.Smallest(w, func(w *world.World) bool { asked++; return c.shows(w) })
				if after := yaml(t, w); after != before {
					t.Fatalf("seed %d: the world itself has changed:\n%s", seed, cmp.Diff(before, after))
				}
				if asked > shrink.Tries {
					t.Errorf("seed %d: asked %d times, want at most %d", seed, asked, shrink.Tries)
				}
				if !c.shows(small) {
					t.Fatalf("seed %d: does not show it any more:\n%s", seed, yaml(t, small))
				}
				again := shrink.Smallest(w, c.shows)
				if diff := cmp.Diff(yaml(t, small), yaml(t, again)); diff != "" {
					t.Errorf("seed %d: shrinks to another world each time:\n%s", seed, diff)
				}
				if diff := cmp.Diff(c.want, yaml(t, nameless(small))); diff != "" {
					t.Errorf("seed %d: not the smallest (-want +got):\n%s", seed, diff)
				}
			}
		})
	}
}

// A world that shows nothing without all that is in it stays as it is.
func TestNothingToTake(t *testing.T) {
	t.Parallel()
	w := gen.World(1).World
	small := shrink.Smallest(w, func(*world.World) bool { return false })
	if diff := cmp.Diff(yaml(t, w), yaml(t, small)); diff != "" {
		t.Error(diff)
	}
}

func yaml(t *testing.T, w *world.World) string {
	t.Helper()
	raw, err := w.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func anyDestination(w *world.World, fits func(*networking.Destination) bool) bool {
	for _, vs := range world.All[*networkingv1.VirtualService](w) {
		for _, http := range vs.Spec.GetHttp() {
			for _, route := range http.GetRoute() {
				if fits(route.GetDestination()) {
					return true
				}
			}
		}
	}
	return false
}

// nameless is a world with the same names in place of all.
func nameless(w *world.World) *world.World {
	var all world.World
	for _, o := range w.Objects {
		o = world.Clone(o)
		o.SetName("name")
		o.SetNamespace("default")
		o.SetCreationTimestamp(metav1.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC))
		all.Objects = append(all.Objects, o)
		switch o := o.(type) {
		case *networkingv1.DestinationRule:
			o.Spec.Host = "host"
		case *networkingv1.Gateway:
			for _, server := range o.Spec.GetServers() {
				fill(server.GetHosts(), "host")
				server.Port.Name = "name"
			}
		case *networkingv1.VirtualService:
			fill(o.Spec.GetHosts(), "host")
			for _, http := range o.Spec.GetHttp() {
				for _, route := range http.GetRoute() {
					route.Destination.Host, route.Destination.Subset = "host", "subset"
				}
			}
		}
	}
	return &all
}

func fill(list []string, with string) {
	for i := range list {
		list[i] = with
	}
}
