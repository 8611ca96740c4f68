package main

import (
	"regexp"
	"slices"
)

// Units are those of Go's benchmarks.
const (
	inSeconds     = "sec/op"
	inBytes       = "B/op"
	inAllocations = "allocs/op"
	inHeld        = "held-B/service"
)

// A suite is one call of go test.
type suite struct {
	module, pkg string // folders; the module's from the root, the package's from the module
	bench       string // which benchmarks
	time        string // for how long each; at least two thousand where so many pods differ
}

var (
	reviews = &suite{".", "./pkg/admit", "^BenchmarkReview$/^pod-", "10000x"}
	pods    = &suite{"test/oracle", "./inject", "^BenchmarkWebhook$", "2000x"}
	changes = &suite{".", "./test", "^BenchmarkChange$", "1s"}
	wholes  = &suite{".", "./test", "^BenchmarkAll$", "1s"}
	curves  = &suite{".", "./test", "^BenchmarkCurve$/^services=100000?$/^admit=", "100x"}
	audits  = &suite{".", "./test", "^BenchmarkCurve$/^services=100000?$/^audit(-first)?$", "1x"}
	worsts  = &suite{".", "./test", "^BenchmarkWorst$/^fragments=", "20x"}
	starts  = &suite{".", "./test", "^BenchmarkColdStart$", "1x"}
	meshes  = &suite{"test/oracle", "./analyzers", "^BenchmarkAudit$", "1x"}
)

// tables are what can be measured: what has a budget, what others cost beside us, and what is
// held to what it cost before.
var tables = map[string][]row{"budgets": budgets, "peers": peers, "guard": guard}

// A row is one promise: a figure of a benchmark, or what it is in proportion to another's.
type row struct {
	what  string
	suite *suite
	of    string
	unit  string
	// against is the benchmark that the figure is divided by; "" for none.
	against string
	most    float64
	// beside is a benchmark that the figure is shown in proportion to; "" for none.
	beside string
	// informs is true of absolute times, which depend on the machine: they are shown, and
	// held to nothing.
	informs bool
}

const noOp = "Review/pod-no-op"

// budgets are the promises, in the order of the table.
var budgets = slices.Concat(
	injection("inject a pod like one seen before", "Review/pod-injected"),
	injection("inject another pod of a StatefulSet", "Review/pod-injected-named"),
	injection("inject the first pod of a workload", "Review/pod-injected-first"),
	[]row{
		{what: "inject a pod, beside a no-op webhook", suite: reviews, of: "Review/pod-injected", unit: inSeconds, against: noOp, most: 2},
		{what: "judge a VirtualService among 100,000 services", suite: changes, of: "Change/services=100000", unit: inSeconds, most: 1e-3, informs: true},
		{what: "judge, beside a hundredth of the mesh", suite: changes, of: "Change/services=100000", unit: inAllocations, against: "Change/services=1000", most: 1.05},
		{what: "audit 4,000 services", suite: wholes, of: "All/services=4000", unit: inSeconds, most: 0.25, informs: true},
		{what: "audit, beside a quarter of the mesh", suite: wholes, of: "All/services=16000", unit: inAllocations, against: "All/services=4000", most: 4.2},
		{what: "the same, in time", suite: wholes, of: "All/services=16000", unit: inSeconds, against: "All/services=4000", most: 5},
		{what: "memory of a service with its routes", suite: wholes, of: "All/services=4000", unit: inHeld, most: 6 << 10},
	},
	flat("VirtualService", "fragment", "crowded-fragment", "DestinationRule", "Service", "ServiceEntry", "Gateway"),
	[]row{
		{what: "first audit of 100,000 services, beside a tenth", suite: audits, of: "Curve/services=100000/audit-first", unit: inAllocations, against: "Curve/services=10000/audit-first", most: 10.5},
		{what: "memory of a service among 100,000, beside a tenth", suite: audits, of: "Curve/services=100000/audit", unit: inHeld, against: "Curve/services=10000/audit", most: 1.05},
		{what: "one of 1,000 fragments of a host, beside one of 100", suite: worsts, of: "Worst/fragments=1000", unit: inAllocations, against: "Worst/fragments=100", most: 10},
		{what: "cold start at 10,000 services", suite: starts, of: "ColdStart/services=10000", unit: inSeconds, most: 10, informs: true},
		{what: "cold start, beside a tenth of the mesh", suite: starts, of: "ColdStart/services=10000", unit: inAllocations, against: "ColdStart/services=1000", most: 10.5},
	},
)

// flat is that an admission of each kind costs the same in meshes of 10,000 services and of
// 100,000.
func flat(kinds ...string) (rows []row) {
	for _, kind := range kinds {
		rows = append(rows, row{
			what: "judge a " + kind + " of a shaped mesh, beside a tenth", suite: curves,
			of: "Curve/services=100000/admit=" + kind, unit: inAllocations, against: "Curve/services=10000/admit=" + kind, most: 1.05,
		})
	}
	return rows
}

// injection is what the injection of one pod may cost, HTTP body to HTTP body.
func injection(what, of string) []row {
	return []row{
		{what: what, suite: reviews, of: of, unit: inSeconds, most: 0.25e-3, beside: noOp, informs: true},
		{what: what, suite: reviews, of: of, unit: inBytes, most: 64 << 10, beside: noOp},
		{what: what, suite: reviews, of: of, unit: inAllocations, most: 500, beside: noOp},
	}
}

func matching(rows []row, wanted *regexp.Regexp) []row {
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !wanted.MatchString(r.what) })
}

// suitesOf are the suites that rows need, each once.
func suitesOf(rows []row) (suites []*suite) {
	for _, r := range rows {
		if !slices.Contains(suites, r.suite) {
			suites = append(suites, r.suite)
		}
	}
	return suites
}
