package feed

import (
	"github.com/prometheus/client_golang/prometheus"
)

var (
	kindLabel   = []string{"kind"}
	objectsDesc = prometheus.NewDesc("meshward_snapshot_objects",
		"Objects of the mesh that are known, by kind.", kindLabel, nil)
	skippedDesc = prometheus.NewDesc("meshward_snapshot_skipped_objects_total",
		"Objects that could not be read and were left out, by kind; the log names them.", kindLabel, nil)
	syncedDesc = prometheus.NewDesc("meshward_snapshot_synced",
		"Whether the kind was read since the start: 1 or 0.", kindLabel, nil)
	heardDesc = prometheus.NewDesc("meshward_snapshot_last_event_timestamp_seconds",
		"When the watch of the kind last brought anything, in seconds since 1970; where nothing changes, the API server says so once a minute. No series before the kind was read.", kindLabel, nil)
)

// holdings tell what a feed holds. They are kept as it changes, so that a scrape costs the
// same however large the mesh is.
type holdings struct{ feed *Feed }

// Describe tells what there is to collect.
func (h holdings) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{objectsDesc, skippedDesc, syncedDesc, heardDesc} {
		to <- desc
	}
}

// Collect tells it of each kind.
func (h holdings) Collect(to chan<- prometheus.Metric) {
	for _, s := range h.feed.stores {
		kind := string(s.kind)
		synced := 0.0
		if s.synced.Load() {
			synced = 1
		}
		to <- prometheus.MustNewConstMetric(objectsDesc, prometheus.GaugeValue, float64(s.objects.Load()), kind)
		to <- prometheus.MustNewConstMetric(skippedDesc, prometheus.CounterValue, float64(s.skipped.Load()), kind)
		to <- prometheus.MustNewConstMetric(syncedDesc, prometheus.GaugeValue, synced, kind)
		if heard := s.heard.Load(); heard > 0 {
			to <- prometheus.MustNewConstMetric(heardDesc, prometheus.GaugeValue, float64(heard), kind)
		}
	}
}
