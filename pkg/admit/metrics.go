package admit

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshward/meshward/pkg/validate/rule"
)

// Metrics counts what was decided, and how long it took. Its labels have few
// values, whatever comes in.
type Metrics struct {
	reviews   *prometheus.CounterVec
	findings  *prometheus.CounterVec
	decisions *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
}

// The verdicts on a change of traffic configuration that brings something in, or
// was not judged: what the audit log calls it, and the metrics.
const (
	verdictDenied      = "denied"
	verdictWarned      = "warned"
	verdictAudited     = "audited"
	verdictDryRun      = "dry-run"     // would be denied
	verdictOverridden  = "overridden"  // would be denied, but for the object's annotation
	verdictExempt      = "exempt"      // would be denied, but for who makes it
	verdictDelivered   = "delivered"   // would be denied, but that others are broken or in the way and an applier makes it
	verdictSteered     = "steered"     // would be denied, but that only weights or labels of subsets changed
	verdictUnconfirmed = "unconfirmed" // would be denied, had the API server answered
	verdictDeadline    = "deadline"    // the policy's answer: there was no time
	verdictOverloaded  = "overloaded"  // the policy's answer: there were too many at once
	verdictUnready     = "unready"     // the policy's answer: the mesh, or the injector's configuration, was not known
)

// NewMetrics registers the metrics. It panics where they are registered already.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_admission_reviews_total",
			Help: "Admission reviews by webhook and outcome: allowed, patched, warned, audited, dry-run, overridden, exempt, delivered, steered, unconfirmed, deadline, overloaded, unready, denied, malformed or panic.",
		}, []string{"webhook", "outcome"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_admission_findings_total",
			Help: "Findings that changes brought in, by rule and by what became of them: denied, warned, audited, dry-run, overridden, exempt, delivered, steered, unconfirmed or deadline.",
		}, []string{"rule", "verdict"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_injection_decisions_total",
			Help: "Pods by what became of them (patched, left-alone or denied) and by the reason, which docs/reasons.md explains.",
		}, []string{"outcome", "reason"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "meshward_admission_seconds",
			Help:    "Time from reading a review to its answer, in seconds.",
			Buckets: prometheus.ExponentialBuckets(0.000125, 2, 14),
		}, []string{"webhook"}),
	}
	registry.MustRegister(m.reviews, m.findings, m.decisions, m.seconds)
	return m
}

func (m *Metrics) count(webhook, outcome string) {
	m.reviews.WithLabelValues(webhook, outcome).Inc()
}

func (m *Metrics) observe(webhook string, response *admissionv1.AdmissionResponse, took time.Duration) {
	m.count(webhook, outcome(response))
	if reason := response.AuditAnnotations[reasonKey]; reason != "" { // one of Reasons
		m.decisions.WithLabelValues(became(response), reason).Inc()
	}
	m.seconds.WithLabelValues(webhook).Observe(took.Seconds())
}

// found counts findings; verdict is what became of those that the policy denies.
func (m *Metrics) found(f fates, verdict string) {
	for label, list := range map[string][]rule.Finding{
		verdict:           f.deny,
		verdictOverridden: f.overridden,
		verdictExempt:     f.exempted,
		verdictDelivered:  f.delivered,
		verdictSteered:    f.spared,
		verdictWarned:     f.warn,
		verdictAudited:    f.audit,
	} {
		for i := range list {
			m.findings.WithLabelValues(list[i].Rule.Name, label).Inc()
		}
	}
}

func outcome(response *admissionv1.AdmissionResponse) string {
	switch verdict := response.AuditAnnotations["verdict"]; {
	case verdict != "":
		return verdict
	case !response.Allowed:
		return verdictDenied
	case len(response.Patch) > 0:
		return "patched"
	case len(response.Warnings) > 0:
		return verdictWarned
	default:
		return "allowed"
	}
}
