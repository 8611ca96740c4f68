package missing

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// mostNamespaces bounds how many namespaces have a series of their own.
	mostNamespaces = 50
	// otherNamespaces stands for the rest. No namespace is called that.
	otherNamespaces = "(others)"
)

// metrics show what the passes find. Every replica shows the same but for evictions, so
// pods are to be compared and not added up.
type metrics struct {
	pods      *podCounts
	at        prometheus.Gauge
	evictions *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) metrics {
	m := metrics{
		pods: &podCounts{desc: prometheus.NewDesc("meshward_pods_without_sidecar",
			"Pods that should have a sidecar and have none, as the last pass found them, by namespace: the 50 with the most, and (others).",
			[]string{"namespace"}, nil)},
		at: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "meshward_missing_sidecars_last_pass_success_timestamp_seconds",
			Help: "When pods without a sidecar were last looked for to the end, in seconds since 1970.",
		}),
		evictions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_missing_sidecars_evictions_total",
			Help: "Evictions of pods without a sidecar that were due, by outcome: evicted, budget, not-ready, in-vain, settled or failed.",
		}, []string{"outcome"}),
	}
	registry.MustRegister(m.pods, m.at, m.evictions)
	for _, outcome := range outcomes {
		m.evictions.WithLabelValues(outcome)
	}
	return m
}

func (m metrics) show(counts map[string]int) {
	bounded := most(counts)
	m.pods.counts.Store(&bounded)
	m.at.SetToCurrentTime()
}

// most adds up all but the namespaces with the most pods.
func most(counts map[string]int) map[string]int {
	bounded := make(map[string]int)
	byCount := func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) }
	for i, namespace := range slices.SortedFunc(maps.Keys(counts), byCount) {
		shown := namespace
		if i >= mostNamespaces {
			shown = otherNamespaces
		}
		bounded[shown] += counts[namespace]
	}
	return bounded
}

// podCounts is a metric whose series come and go together, so that no scrape sees the half
// of a pass.
type podCounts struct {
	desc   *prometheus.Desc
	counts atomic.Pointer[map[string]int]
}

// Describe tells what there is to collect.
func (p *podCounts) Describe(to chan<- *prometheus.Desc) { to <- p.desc }

// Collect tells what the last pass found.
func (p *podCounts) Collect(to chan<- prometheus.Metric) {
	counts := p.counts.Load()
	if counts == nil {
		return
	}
	for namespace, count := range *counts {
		to <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(count), namespace)
	}
}
