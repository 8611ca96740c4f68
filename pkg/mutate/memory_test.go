package mutate_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/mutate"
)

// What an injector remembers of one request must not answer another that differs in anything
// that counts.
func TestMemoryTellsRequestsApart(t *testing.T) {
	const (
		users  = "openshift.io/sa.scc.uid-range"
		groups = "openshift.io/sa.scc.supplemental-groups"
	)
	raw := []byte(`{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web"}]}}`)
	namespace := func(labels, annotations map[string]string) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{Name: "default", Labels: labels, Annotations: annotations}
	}
	pod := mutate.Workload{APIVersion: "v1", Kind: "Pod", Namespace: "default", Name: "web"}
	requests := []mutate.Request{
		{Workload: pod},
		{Workload: mutate.Workload{APIVersion: "v1", Kind: "Pod", Namespace: "other", Name: "web"}},
		{Workload: mutate.Workload{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "default", Name: "web"}},
		{Workload: pod, Variables: map[string]string{"A": "1"}},
		{Workload: pod, Variables: map[string]string{"A": "2"}},
		{Workload: pod, Variables: map[string]string{"A": "1", "B": ""}},
		{Workload: pod, Namespace: namespace(map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}, nil)},
		{Workload: pod, Namespace: namespace(nil, map[string]string{users: "1000/10"})},
		{Workload: pod, Namespace: namespace(nil, map[string]string{users: "1000/10", groups: ""})},
		{Workload: pod, Namespace: namespace(nil, map[string]string{users: "1000/10", groups: "5/5"})},
	}
	remembering := defaultInjectors(t)[0]
	for i, r := range requests {
		r.Raw, r.Pod = raw, decoded(t, raw)
		got, err := remembering.Inject(r)
		if err != nil {
			t.Fatal(err)
		}
		want, err := defaultInjectors(t)[0].Inject(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request %d got the answer of another (-want +got):\n%s", i, diff)
		}
	}
}

// Pods of one Deployment differ in the name of the volume that the API server gave each. What
// is remembered of one has to be right for the others, wherever that name is.
func TestMemoryKnowsTokenVolumes(t *testing.T) {
	const mounted = `"volumeMounts":[{"name":"kube-api-access-%[1]s","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]`
	for name, pod := range map[string]string{
		"as ever": `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web",` + mounted + `}],"volumes":[{"name":"kube-api-access-%[1]s"}]}}`,
		"a proxy of its own": `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web",` + mounted + `},{"name":"istio-proxy","image":"auto",` + mounted + `}],` +
			`"volumes":[{"name":"kube-api-access-%[1]s"}]}}`,
		"not mounted":     `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web"}],"volumes":[{"name":"kube-api-access-%[1]s"}]}}`,
		"said elsewhere":  `{"metadata":{"name":"web","annotations":{"a":"kube-api-access-%[1]s","b":"kube-api-access-aaaaa"}},"spec":{"containers":[{"name":"web",` + mounted + `}],"volumes":[{"name":"kube-api-access-%[1]s"}]}}`,
		"another of such": `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web",` + mounted + `}],"volumes":[{"name":"kube-api-access-%[1]s"},{"name":"kube-api-access-00000"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, remembering := range defaultInjectors(t) {
				for _, chance := range []string{"aaaaa", "bbbbb", "x7k2p", "aaaaa"} {
					raw := fmt.Appendf(nil, pod, chance)
					r := mutate.Request{Raw: raw, Pod: decoded(t, raw), Workload: mutate.Workload{APIVersion: "v1", Kind: "Pod", Namespace: "default", Name: "web"}}
					got, err := remembering.Inject(r)
					if err != nil {
						t.Fatal(err)
					}
					anew, err := mutate.New(remembering.Config)
					if err != nil {
						t.Fatal(err)
					}
					want, err := anew.Inject(r)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(string(want.Patch.JSON()), string(got.Patch.JSON())); diff != "" {
						t.Errorf("what is remembered is not right for %s (-want +got):\n%s", chance, diff)
					}
				}
			}
		})
	}
}
