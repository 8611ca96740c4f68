package main

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// readiness is whether all that answers rest on is known. Its log says why it is not, once
// per reason, and once that it is: an answer to a probe gives no reasons.
type readiness struct {
	parts map[string]known
	log   *slog.Logger

	mu      sync.Mutex
	missing map[string]string // why each part that was not ready when last asked is not
}

func newReadiness(parts map[string]known, log *slog.Logger) *readiness {
	r := &readiness{parts: parts, log: log, missing: make(map[string]string)}
	for name := range parts {
		r.missing[name] = "" // nobody has asked yet
	}
	return r
}

// addTo has each part asked by whatever probes.
func (r *readiness) addTo(add func(name string, check healthz.Checker) error) error {
	var failed []error
	for name := range r.parts {
		failed = append(failed, add(name, func(*http.Request) error { return r.ask(name) }))
	}
	return errors.Join(failed...)
}

// ask asks one part, one probe at a time, so that the log has the order of the answers.
func (r *readiness) ask(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.parts[name].Ready()
	reason, wasMissing := r.missing[name]
	switch {
	case err == nil && wasMissing:
		delete(r.missing, name)
		if len(r.missing) == 0 {
			r.log.Info("ready")
		}
	case err != nil && err.Error() != reason:
		r.missing[name] = err.Error()
		r.log.Info("not ready", "check", name, "reason", err.Error())
	}
	return err
}

// show exposes whether each of the parts is ready, at the moment of the scrape.
func (r *readiness) show(registry prometheus.Registerer) {
	for name, part := range r.parts {
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

// probeLogger is what controller-runtime calls the logger of whatever answers probes. It
// writes a line for each probe that fails, and readiness has said why.
const probeLogger = "healthz"

// withoutProbes is a sink of controller-runtime's log, but for what probes write.
type withoutProbes struct{ logr.LogSink }

// WithName returns the sink of a part.
func (s withoutProbes) WithName(name string) logr.LogSink {
	part := s.LogSink.WithName(name)
	if name == probeLogger {
		return errorsAlone{part}
	}
	return withoutProbes{part}
}

// WithValues returns the sink with more to say in each line.
func (s withoutProbes) WithValues(values ...any) logr.LogSink {
	return withoutProbes{s.LogSink.WithValues(values...)}
}

// errorsAlone is a sink that takes errors and nothing else.
type errorsAlone struct{ logr.LogSink }

// Enabled is false, whatever the level: errors are written without being asked for.
func (errorsAlone) Enabled(int) bool { return false }
