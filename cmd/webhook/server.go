package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/door"
	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// server is what runs: the door, and a manager of it and of all that answers rest on.
type server struct {
	manager manager.Manager
	door    *door.Door
}

// known is what answers rest on, and whether all of it is known.
type known interface{ Ready() error }

// assemble puts the parts together: what serves, what it serves from, and what
// must be there before it is ready.
func (s *service) assemble(ctx context.Context, cluster *rest.Config, config *policy.File, log *slog.Logger) (*server, error) {
	settings, err := s.mesh.config(true)
	if err != nil {
		return nil, err
	}
	stored, err := feed.New(cluster, config.Current().Settings(settings), log)
	if err != nil {
		return nil, err
	}
	stored.Register(metrics.Registry)
	engine, err := validate.New(rules.All()...)
	if err != nil {
		return nil, err
	}
	options, err := s.injector.options(s.mesh.file)
	if err != nil {
		return nil, err
	}
	injector, err := injection.New(cluster, options, metrics.Registry, log)
	if err != nil {
		return nil, err
	}
	shown, err := s.certificates.open(cluster, log)
	if err != nil {
		return nil, err
	}
	entrance, err := door.Open(ctx, net.JoinHostPort(s.host, strconv.Itoa(s.port)), shown.configure, log)
	if err != nil {
		return nil, err
	}
	m, err := manager.New(cluster, manager.Options{
		WebhookServer:           entrance,
		GracefulShutdownTimeout: new(partsWithin),
		HealthProbeBindAddress:  s.healthAddress,
		Metrics:                 metricsserver.Options{BindAddress: s.metricsAddress},
	})
	if err != nil {
		return nil, fmt.Errorf("the server cannot be set up: %w", err)
	}
	pods := reviewerOfPods(m, injector, stored, log)
	counters := admit.NewMetrics(metrics.Registry, "inject", "validate")
	spans, err := s.tracing.open(ctx, m, log)
	if err != nil {
		return nil, err
	}
	s.serve(m.GetWebhookServer(), behind(shown.gate, spans), map[string]reviews{
		"inject":   {pods, injector},
		"validate": {&admit.Routing{Engine: engine, Stored: stored, Policy: config.Current, Metrics: counters, Log: log}, stored},
	}, config, counters, log)
	ready := newReadiness(map[string]known{"certificate": shown.source, "mesh": stored, "injector": injector, "webhooks": entrance}, log)
	ready.show(metrics.Registry)
	return &server{manager: m, door: entrance}, errors.Join(
		shown.addTo(m),
		m.Add(config),
		m.Add(stored),
		m.Add(injector),
		s.missing.watch(m, cluster, injector, s.injector.revision, pods.Events, log),
		m.Add(s.audit.of(engine, stored, config, log)),
		m.AddHealthzCheck("process", healthz.Ping),
		ready.addTo(m.AddReadyzCheck),
	)
}

// reviews are who answers for a webhook, and what the answers rest on.
type reviews struct {
	reviewer admit.Reviewer
	from     known
}

// serve registers each webhook under its name.
func (s *service) serve(hooks webhook.Server, gate func(webhook string, next http.Handler) http.Handler, all map[string]reviews, config *policy.File, counters *admit.Metrics, log *slog.Logger) {
	for name, r := range all {
		slots := s.load.slots()
		slots.Register(metrics.Registry, name)
		handler := gate(name, &admit.Handler{
			Name: name, Reviewer: r.reviewer, Known: r.from.Ready, Policy: config.Current, Slots: slots, Metrics: counters, Log: log,
		})
		hooks.Register("/"+name, handler)
		hooks.Register("/"+name+"/", handler) // webhooks of remote clusters say more
	}
}
