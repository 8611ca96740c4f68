package main

import (
	"math"
	"slices"
	"time"
)

// spread is how durations lie.
type spread struct{ mean, p50, p99 time.Duration }

// distribution returns the zero spread of no durations.
func distribution(each []time.Duration) spread {
	if len(each) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(each))
	var sum time.Duration
	for _, d := range sorted {
		sum += d
	}
	return spread{mean: sum / time.Duration(len(sorted)), p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99)}
}

// quantile is the least duration that a share of all do not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}
