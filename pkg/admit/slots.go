package admit

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// Slots bound how many reviews are worked on at once, and how many wait for that. A
// denial holds its slot while the API server is read, so that they bound those reads,
// too. Who waits longest is next.
type Slots struct{ working, waiting chan struct{} }

// NewSlots makes room for so many reviews at once, and a queue of so many.
func NewSlots(most, queued int) *Slots {
	return &Slots{working: make(chan struct{}, most), waiting: make(chan struct{}, queued)}
}

// Register exposes how much of the room of a webhook is taken.
func (s *Slots) Register(registry prometheus.Registerer, webhook string) {
	for _, gauge := range []struct {
		name, help string
		of         chan struct{}
	}{
		{"meshward_admission_working", "Reviews that are worked on, by webhook; --max-concurrent-reviews at most.", s.working},
		{"meshward_admission_waiting", "Reviews that wait to be worked on, by webhook; --max-queued-reviews at most.", s.waiting},
	} {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: gauge.name, Help: gauge.help, ConstLabels: prometheus.Labels{"webhook": webhook},
		}, func() float64 { return float64(len(gauge.of)) }))
	}
}

// take waits for a slot until ctx is done, and reports whether it got one. Where as many
// are waiting as may, it does not: the sooner it is said that there is too much to do,
// the sooner there is less.
func (s *Slots) take(ctx context.Context) bool {
	select {
	case s.working <- struct{}{}:
		return true
	default:
	}
	select {
	case s.waiting <- struct{}{}:
	default:
		return false
	}
	defer func() { <-s.waiting }()
	select {
	case s.working <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Slots) give() { <-s.working }
