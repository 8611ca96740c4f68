package main

import (
	"strings"
	"testing"
)

// What benchmarks print becomes rows: the best run counts, ratios are of best runs, and a time
// is over no budget, whatever it is.
func TestWrite(t *testing.T) {
	measured := figures{}
	if err := measured.read([]byte(`goos: linux
BenchmarkReview/pod-16   	 1000	    300000 ns/op	   70000 B/op	     400 allocs/op
BenchmarkReview/pod-16   	 1000	    500000 ns/op	   70000 B/op	     402 allocs/op
BenchmarkReview/pod-16   	 1000	    400000 ns/op	   70000 B/op	     401 allocs/op
BenchmarkReview/no-op-16 	 1000	    100000 ns/op	   10000 B/op	     100 allocs/op
PASS
`)); err != nil {
		t.Fatal(err)
	}
	rows := []row{
		{what: "pod", of: "Review/pod", unit: inSeconds, most: 0.25e-3, beside: "Review/no-op", informs: true},
		{what: "pod", of: "Review/pod", unit: inBytes, most: 64 << 10, beside: "Review/no-op"},
		{what: "pod", of: "Review/pod", unit: inAllocations, most: 500, beside: "Review/no-op"},
		{what: "no-op", of: "Review/no-op", unit: inSeconds, against: "Review/pod", most: 1. / 4},
		{what: "pod beside no-op", of: "Review/pod", unit: inSeconds, against: "Review/no-op", most: 2},
	}
	var table strings.Builder
	over, err := write(&table, rows, measured)
	if err != nil {
		t.Fatal(err)
	}
	want := `what              figure      budget      to no-op
pod               300µs       250µs       3.00×     over, on this machine
pod               68.4 KiB    64.0 KiB    7.00×     over
pod               400 allocs  500 allocs  4.00×     within
no-op             1/3         1/4                   over
pod beside no-op  3.00×       2.00×                 over
`
	if got := trimmed(table.String()); got != want || over != 3 {
		t.Errorf("%d over:\n%s", over, got)
	}
	if _, err := write(&table, []row{{what: "gone", of: "Review/gone", unit: inBytes}}, measured); err == nil {
		t.Error("a benchmark that is gone is missed by nobody")
	}
}

// trimmed is a table without the blanks at the ends of its lines.
func trimmed(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.Join(lines, "\n") + "\n"
}
