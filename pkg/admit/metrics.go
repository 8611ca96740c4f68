package admit

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
)

// Metrics counts what was decided, and how long it took. Its labels have few
// values, whatever comes in.
type Metrics struct {
	reviews *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewMetrics registers the metrics. It panics where they are registered already.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_admission_reviews_total",
			Help: "Admission reviews by webhook and outcome: allowed, patched, warned, unconfirmed, denied, malformed or panic.",
		}, []string{"webhook", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "meshward_admission_seconds",
			Help:    "Time from reading a review to its answer, in seconds.",
			Buckets: prometheus.ExponentialBuckets(0.000125, 2, 14),
		}, []string{"webhook"}),
	}
	registry.MustRegister(m.reviews, m.seconds)
	return m
}

func (m *Metrics) count(webhook, outcome string) {
	m.reviews.WithLabelValues(webhook, outcome).Inc()
}

func (m *Metrics) observe(webhook string, response *admissionv1.AdmissionResponse, took time.Duration) {
	m.count(webhook, outcome(response))
	m.seconds.WithLabelValues(webhook).Observe(took.Seconds())
}

func outcome(response *admissionv1.AdmissionResponse) string {
	switch {
	case !response.Allowed:
		return "denied"
	case response.AuditAnnotations[unconfirmed] != "":
		return "unconfirmed"
	case len(response.Patch) > 0:
		return "patched"
	case len(response.Warnings) > 0:
		return "warned"
	default:
		return "allowed"
	}
}
