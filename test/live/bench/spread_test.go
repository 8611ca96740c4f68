package main

import (
	"testing"
	"time"
)

func TestDistribution(t *testing.T) {
	var hundred []time.Duration
	for n := range 100 {
		hundred = append(hundred, time.Duration(100-n)*time.Millisecond) // not in order
	}
	for name, c := range map[string]struct {
		each []time.Duration
		want spread
	}{
		"none":    {nil, spread{}},
		"one":     {[]time.Duration{3}, spread{mean: 3, p50: 3, p99: 3}},
		"two":     {[]time.Duration{4, 2}, spread{mean: 3, p50: 2, p99: 4}},
		"hundred": {hundred, spread{mean: 50_500 * time.Microsecond, p50: 50 * time.Millisecond, p99: 99 * time.Millisecond}},
	} {
		if got := distribution(c.each); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
