package certs

import (
	"crypto/x509"
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// The certificates that metrics tell of.
const (
	serving = "serving"
	ca      = "ca"
)

// metrics tell how certificates are. The time that is left is for the alert rule to
// compute: a gauge of it would stand still with the process that sets it.
type metrics struct {
	expiry    *prometheus.GaugeVec
	rotations *prometheus.CounterVec
	writes    *prometheus.CounterVec
}

// newMetrics registers the metrics. Of those who do not trust the newest certificate the
// caller counts.
func newMetrics(registry prometheus.Registerer, selfManaged bool, untrusted func() int) *metrics {
	m := &metrics{
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "meshward_certificate_expiry_timestamp_seconds",
			Help: "When a certificate ends, in seconds since 1970: the one that is served, or the CA of a server that certifies itself.",
		}, []string{"certificate"}),
		rotations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_certificate_rotations_total",
			Help: "How often the certificate that is served, or the CA, was replaced by another.",
		}, []string{"certificate"}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshward_cabundle_writes_total",
			Help: "Writes of caBundle into a webhook configuration, by result: written, conflict, forbidden or failed.",
		}, []string{"result"}),
	}
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "meshward_certificate_untrusted_webhooks",
		Help: "Webhooks that call this server and whose caBundle does not trust its newest certificate, which is not shown before.",
	}, func() float64 { return float64(untrusted()) })
	registry.MustRegister(m.expiry, m.rotations, waiting)
	m.rotations.WithLabelValues(serving)
	if !selfManaged {
		return m
	}
	registry.MustRegister(m.writes)
	m.rotations.WithLabelValues(ca)
	for _, result := range []string{written, conflict, forbidden, failed} {
		m.writes.WithLabelValues(result)
	}
	return m
}

// show tells of a certificate that takes the place of another. It is called by one
// goroutine for each of the two.
func (m *metrics) show(which string, replaces bool, certificate *x509.Certificate) {
	m.expiry.WithLabelValues(which).Set(math.Trunc(float64(certificate.NotAfter.UnixMilli()) / 1000))
	if replaces {
		m.rotations.WithLabelValues(which).Inc()
	}
}
