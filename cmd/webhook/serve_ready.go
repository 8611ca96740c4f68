package main

import "github.com/prometheus/client_golang/prometheus"

// showReady exposes whether each of the parts is ready, at the moment of the scrape.
func showReady(registry prometheus.Registerer, all map[string]known) {
	for name, part := range all {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "meshward_ready",
			Help:        "Whether the replica is ready, by check (certificate, injector, mesh, webhooks): 1 or 0. It is asked for reviews once all are.",
			ConstLabels: prometheus.Labels{"check": name},
		}, func() float64 {
			if part.Ready() != nil {
				return 0
			}
			return 1
		}))
	}
}
