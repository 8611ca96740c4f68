package audit

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics shows what the audit knows. Every replica shows the same, so they are
// to be compared and not added up.
type Metrics struct {
	findings *prometheus.GaugeVec
	objects  prometheus.Gauge
	at       prometheus.Gauge
	seconds  *prometheus.HistogramVec
	events   *prometheus.CounterVec
}

// What is judged at once.
const (
	passOfChange = "change"
	passOfAll    = "all"
)

// NewMetrics registers the metrics. It panics where they are registered already.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "meshward_findings",
			Help: "Findings in the stored configuration by rule and severity (error, warning or info, as the policy has it), as the last audit left them.",
		}, []string{"rule", "severity"}),
		objects: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "meshward_audited_objects",
			Help: "Objects that the last audit was about.",
		}),
		at: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "meshward_audit_last_success_timestamp_seconds",
			Help: "When the audit last got to its end, in seconds since 1970.",
		}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "meshward_audit_seconds",
			Help:    "Time that an audit took, in seconds, by what it was about: a change, or all.",
			Buckets: prometheus.ExponentialBuckets(.0001, 4, 10),

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"of"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_audit_events_total",
			Help: "Events about errors that appeared, by outcome: written, failed (and tried again) or left-out.",
		}, []string{"outcome"}),
	}
	registry.MustRegister(m.findings, m.objects, m.at, m.seconds, m.events)
	for _, outcome := range []string{"written", "failed", "left-out"} {
		m.events.WithLabelValues(outcome)
	}
	return m
}

// show shows what a pass over a change, or over all, left in the ledger.
func (m *Metrics) show(l *Ledger, pass string, started, ended time.Time) {
	for by, count := range l.counts {
		m.findings.WithLabelValues(by.rule, string(by.severity)).Set(float64(count))
	}
	m.objects.Set(float64(l.judged.Len()))
	m.at.Set(float64(ended.Unix()))
	m.seconds.WithLabelValues(pass).Observe(ended.Sub(started).Seconds())
}
