package main

import "slices"

// Suites that take a moment.
var (
	quickReviews = &suite{".", "./pkg/admit", "^BenchmarkReview$", "3000x"}
	quickChanges = &suite{".", "./test", "^BenchmarkCurve$/^services=1000?0?$/^admit=", "20x"}
	quickWholes  = &suite{".", "./test", "^BenchmarkAll$/^services=4000$", "1x"}
	quickStarts  = &suite{".", "./test", "^BenchmarkColdStart$/^services=1000$", "1x"}
)

// slack is how much more than before something may cost: what is allocated depends a little
// on the order of maps.
const slack = 1.1

// guard holds what is allocated to what it was, so that a change for the worse is made
// knowingly. After one for the better its figure comes down.
var guard = slices.Concat(
	before(quickReviews, "a pod like one seen before", "Review/pod-injected", 119, 26.4),
	before(quickReviews, "another pod of a StatefulSet", "Review/pod-injected-named", 386, 53.4),
	before(quickReviews, "the first pod of a workload", "Review/pod-injected-first", 374, 52.4),
	before(quickReviews, "a VirtualService allowed", "Review/route-allowed", 410, 32.5),
	before(quickReviews, "a VirtualService denied", "Review/route-denied", 776, 62),
	before(quickWholes, "an audit of 4,000 services", "All/services=4000", 206_153, 20_400),
	[]row{{what: "memory of a service", suite: quickWholes, of: "All/services=4000", unit: inHeld, most: 4225 * slack}},
	before(quickStarts, "a cold start with 1,000 services", "ColdStart/services=1000", 1_771_898, 101_085),
	grown("fragment", "VirtualService", "DestinationRule", "Service", "ServiceEntry", "Gateway"),
)

func before(s *suite, what, of string, allocations, kibibytes float64) []row {
	return []row{
		{what: what, suite: s, of: of, unit: inAllocations, most: allocations * slack},
		{what: what, suite: s, of: of, unit: inBytes, most: kibibytes * 1024 * slack},
	}
}

// grown is that an admission of each kind does not grow from a mesh to one of ten times as
// many services.
func grown(kinds ...string) (rows []row) {
	for _, kind := range kinds {
		rows = append(rows, row{
			what: "a " + kind + " among ten times as many services", suite: quickChanges,
			of: "Curve/services=10000/admit=" + kind, unit: inAllocations, against: "Curve/services=1000/admit=" + kind, most: 1.05,
		})
	}
	return rows
}
