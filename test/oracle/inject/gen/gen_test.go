package gen_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/inject/gen"
)

var installations = []string{"default", "other"}

// Every feature is met, and most workloads have several but not all.
func TestFeatures(t *testing.T) {
	t.Parallel()
	met, total := map[string]int{}, 0
	const workloads = 1500
	for seed := range uint64(workloads) {
		c, err := gen.Workload(seed, installations)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.Features {
			met[name]++
			total++
		}
	}
	for _, name := range gen.Features() {
		if met[name] < 5 {
			t.Errorf("%s is met %d times in %d workloads", name, met[name], workloads)
		}
	}
	if mean := float64(total) / workloads; mean < 3 || mean > 10 {
		t.Errorf("a workload has %.1f features on average", mean)
	}
}

// The same seed makes the same workload, and a feature that is left out takes nothing
// else with it.
func TestSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		first, err := gen.Workload(seed, installations)
		if err != nil {
			t.Fatal(err)
		}
		second, err := gen.Workload(seed, installations)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first.Manifest)+string(first.Request.Pod), string(second.Manifest)+string(second.Request.Pod)); diff != "" {
			t.Fatalf("seed %d makes two workloads:\n%s", seed, diff)
		}
		for i, name := range first.Features {
			less, err := gen.Workload(seed, installations, name)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Delete(slices.Clone(first.Features), i, i+1)
			if !slices.Equal(want, less.Features) {
				t.Errorf("seed %d without %s: %v, want %v", seed, name, less.Features, want)
			}
		}
	}
}

// What a webhook is asked about is a pod.
func TestPod(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		c, err := gen.Workload(seed, installations)
		if err != nil {
			t.Fatal(err)
		}
		var pod corev1.Pod
		if err := json.Unmarshal(c.Request.Pod, &pod); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if pod.Kind != "Pod" || len(pod.Spec.Containers) == 0 || pod.Name == "" && pod.GenerateName == "" {
			t.Errorf("seed %d: not a pod: %s", seed, c.Request.Pod)
		}
	}
}
