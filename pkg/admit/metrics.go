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
	rechecks  *prometheus.HistogramVec
}

// The classic buckets reach from the fastest answer to the longest that an API server waits
// for one. Who scrapes native histograms gets those, too, which are finer.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

// histogram is a histogram of seconds in both forms.
func histogram(name, help, label string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}, []string{label})
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

// The outcomes of a review that have no verdict: those of an answer, and those of none.
const (
	outcomeAllowed   = "allowed"
	outcomePatched   = "patched"
	outcomeMalformed = "malformed"
	outcomePanic     = "panic"
)

// outcomes are all that there are.
var outcomes = []string{
	outcomeAllowed, outcomePatched, verdictWarned, verdictAudited, verdictDryRun, verdictOverridden, verdictExempt, verdictDelivered,
	verdictSteered, verdictUnconfirmed, verdictDeadline, verdictOverloaded, verdictUnready, verdictDenied, outcomeMalformed, outcomePanic,
}

// NewMetrics registers the metrics, and has each outcome of the named webhooks start at
// zero, so that the first of its kind is seen to be one more. It panics where they are
// registered already.
func NewMetrics(registry prometheus.Registerer, webhooks ...string) *Metrics {
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
		seconds: histogram("meshward_admission_seconds", "Time from reading a review to its answer, in seconds, by webhook.", "webhook"),
		rechecks: histogram("meshward_live_recheck_seconds",
			"Time that reading the API server and judging once more took before a denial, in seconds, by outcome: confirmed, refuted (the watch lagged), failed or deadline.", "outcome"),
	}
	registry.MustRegister(m.reviews, m.findings, m.decisions, m.seconds, m.rechecks)
	for _, webhook := range webhooks {
		m.seconds.WithLabelValues(webhook)
		for _, outcome := range outcomes {
			m.reviews.WithLabelValues(webhook, outcome)
		}
	}
	for _, outcome := range []string{recheckConfirmed, recheckRefuted, recheckFailed, recheckDeadline} {
		m.rechecks.WithLabelValues(outcome)
	}
	return m
}

func (m *Metrics) count(webhook, outcome string) {
	m.reviews.WithLabelValues(webhook, outcome).Inc()
}

func (m *Metrics) observe(webhook string, response *admissionv1.AdmissionResponse, took time.Duration) {
	m.count(webhook, outcome(response))
	if reason := reasonOf(response); reason != "" {
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
		return outcomePatched
	case len(response.Warnings) > 0:
		return verdictWarned
	default:
		return outcomeAllowed
	}
}
