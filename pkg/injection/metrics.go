package injection

import "github.com/prometheus/client_golang/prometheus"

// metrics say whether the stored configuration is the one in effect, and what follows
// from the cluster.
type metrics struct {
	succeeded, at prometheus.Gauge
	native        *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := metrics{
		succeeded: gauge("meshward_injector_config_reload_success", "Whether the injector's configuration, as it was last looked at, is the one in effect: 1 or 0."),
		at:        gauge("meshward_injector_config_last_reload_success_timestamp_seconds", "When the injector's configuration in effect was loaded, in seconds since 1970."),
		native: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "meshward_injector_native_sidecars",
			Help: "Whether new sidecars are native, by the workloads that they are for, jobs or others: 1 or 0.",
		}, []string{"workloads"}),
	}
	registry.MustRegister(m.succeeded, m.at, m.native)
	return m
}

func (m metrics) show(on native) {
	for workloads, is := range map[string]bool{"jobs": on.jobs, "others": on.all} {
		value := 0.0
		if is {
			value = 1
		}
		m.native.WithLabelValues(workloads).Set(value)
	}
}
