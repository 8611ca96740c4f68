package mutate_test

import (
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
