package audit

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics shows what the audit knows. Every replica shows the same, so they are
// to be compared and not added up.
type Metrics struct {
	findings *prometheus.GaugeVec
	objects  prometheus.Gauge
	events   *prometheus.CounterVec
}

// NewMetrics registers the metrics. It panics where they are registered already.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "meshward_findings",
			Help: "Findings in the stored configuration by rule and severity, as the last audit left them.",
		}, []string{"rule", "severity"}),
		objects: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "meshward_audited_objects",
			Help: "Objects that the last audit was about.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_audit_events_total",
			Help: "Events about errors that appeared, by outcome: written, failed (and tried again) or left-out.",
		}, []string{"outcome"}),
	}
	registry.MustRegister(m.findings, m.objects, m.events)
	return m
}

func (m *Metrics) show(l *Ledger) {
	for by, count := range l.counts {
		m.findings.WithLabelValues(by.rule, string(by.severity)).Set(float64(count))
	}
	m.objects.Set(float64(l.judged.Len()))
}
