package main

import (
	"fmt"
	"math"
	"testing"
)

// page is what an API server says of a webhook: how many calls took up to 5 ms, up to 25 ms,
// and more, and how long all took.
func page(webhook, operation, rejected string, fast, slow, slower int, sum float64) string {
	labels := fmt.Sprintf(`name=%q,operation=%q,rejected=%q,type="admit"`, webhook, operation, rejected)
	return fmt.Sprintf(`# TYPE %[1]s histogram
%[1]s_bucket{%[2]s,le="0.005"} %[3]d
%[1]s_bucket{%[2]s,le="0.025"} %[4]d
%[1]s_bucket{%[2]s,le="+Inf"} %[5]d
%[1]s_sum{%[2]s} %[6]g
%[1]s_count{%[2]s} %[5]d
`, durations, labels, fast, fast+slow, fast+slow+slower, sum)
}

// What is told is what came between two looks, by webhook, operation and what became of it.
func TestAdmissionsSince(t *testing.T) {
	before, err := readHistograms([]byte(page("inject"+ours, "CREATE", "false", 50, 0, 0, 0.05) +
		page("validate"+ours, "DELETE", "false", 1, 0, 0, 0.001)))
	if err != nil {
		t.Fatal(err)
	}
	now, err := readHistograms([]byte(page("inject"+ours, "CREATE", "false", 90, 60, 0, 0.55) +
		page("validate"+ours, "DELETE", "false", 1, 0, 0, 0.001) +
		page("validate"+ours, "CREATE", "false", 9, 0, 1, 1.5e-2) +
		page("validate"+ours, "CREATE", "true", 0, 2, 0, 2e-2) +
		page("other.example.com", "CREATE", "false", 3, 0, 0, 1)))
	if err != nil {
		t.Fatal(err)
	}
	came := now.since(before)
	got := ""
	for _, of := range came.sorted() {
		h := came[of]
		got += fmt.Sprintf("%s: %g calls, mean %.4f, p50 %g, p99 %g\n", of, h.count, h.mean(), h.atMost(0.5), h.atMost(0.99))
	}
	want := fmt.Sprintf(`inject.meshward.io CREATE: 100 calls, mean 0.0050, p50 0.025, p99 0.025
validate.meshward.io CREATE: 10 calls, mean 0.0015, p50 0.005, p99 %g
validate.meshward.io CREATE, rejected: 2 calls, mean 0.0100, p50 0.025, p99 0.025
`, math.Inf(1))
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestProcessSince(t *testing.T) {
	read := func(text string) process {
		t.Helper()
		p, err := readProcess([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := read("process_cpu_seconds_total 2.5\nprocess_resident_memory_bytes 4e+07\n")
	now := read("process_cpu_seconds_total 6\nprocess_resident_memory_bytes 6e+07\nprocess_start_time_seconds 1.7e+09\n")
	if got, want := now.since("a test", before), (usage{"a test", process{memory: 6e7, cpu: 3.5}}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := readProcess([]byte("process_cpu_seconds_total 2.5\n")); err == nil {
		t.Error("a page without memory was read")
	}
}
