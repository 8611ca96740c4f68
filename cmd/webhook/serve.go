package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/audit"
	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// service is one run of "meshward serve".
type service struct {
	kubeconfig     string
	host           string
	port           int
	healthAddress  string
	metricsAddress string
	configFile     string
	mostReviews    int
	certificates   certFlags
	mesh           meshFlags
	injector       injectorFlags
	missing        missingFlags
}

func newServe() *cobra.Command {
	var s service
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the admission webhooks",
		Long: `Serve the mutating webhook on /inject and the validating webhook on /validate,
over TLS. The server is ready (GET /readyz on the health address) once it has a
certificate, has read the cluster's traffic configuration and knows the injector's.

Without --cert-dir the server certifies itself: it keeps a CA in a Secret and has its
webhook configurations trust it. With --cert-dir somebody else does both, such as
cert-manager. docs/certificates.md describes the two.

The file of --config says what becomes of findings, who is exempt and what the
mesh's own settings are; docs/policy.md describes it. Changes are picked up, and
the last good one stays in effect while the file is wrong. What it says of the mesh
wins over the flags, and takes effect at the next start.

What is injected is meshward's own, or what Istio's injector would take: from files,
or from its ConfigMaps with --istio-config=live; docs/injector.md has the details.`,
		Example: `  meshward serve
  meshward serve --cert-dir /etc/meshward/tls --config /etc/meshward/config/config.yaml
  meshward serve --cert-dir /etc/meshward/tls --istio-config live --revision canary`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: the one the pod runs in)")
	flags.StringVar(&s.host, "host", "", "address to serve the webhooks on (default: all)")
	flags.IntVar(&s.port, "port", 9443, "port to serve the webhooks on")
	flags.StringVar(&s.healthAddress, "health-address", ":8081", "address to serve /healthz and /readyz on, over HTTP")
	flags.StringVar(&s.metricsAddress, "metrics-address", ":8080", "address to serve /metrics on, over HTTP; 0 turns it off")
	flags.StringVar(&s.configFile, "config", "", "file with meshward's configuration (default: errors are denied, warnings are shown)")
	flags.IntVar(&s.mostReviews, "max-concurrent-reviews", 64, "how many reviews each webhook works on at once; the others wait as long as they can")
	s.certificates.add(flags)
	s.mesh.add(flags)
	s.injector.add(flags)
	s.missing.add(flags)
	return cmd
}

func (s *service) run(cmd *cobra.Command) error {
	log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
	ctrl.SetLogger(logr.FromSlogHandler(log.Handler()))
	klog.SetSlogLogger(log)
	if s.mostReviews < 1 {
		return fmt.Errorf("--max-concurrent-reviews is %d; it must be at least 1", s.mostReviews)
	}
	if err := errors.Join(s.missing.Check(), s.certificates.check()); err != nil {
		return err
	}
	config, err := policy.Open(s.configFile, ruleNames(), metrics.Registry, log)
	if err != nil {
		return err
	}
	cluster, err := s.cluster()
	if err != nil {
		return err
	}
	server, err := s.manager(cluster, config, log)
	if err != nil {
		return err
	}
	log.Info("serving", "version", version(), "port", s.port)
	return server.Start(ctrl.SetupSignalHandler())
}

func (s *service) cluster() (*rest.Config, error) {
	if s.kubeconfig == "" && os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return nil, fmt.Errorf("this process runs in no cluster; name one with --kubeconfig")
	}
	cluster, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("the cluster's configuration cannot be read: %w", err)
	}
	// The API server queues what is too much for it. A limit of our own would delay
	// the read before a denial beyond its deadline.
	cluster.QPS = -1
	return cluster, nil
}

// manager puts the parts together: what serves, what it serves from, and what
// must be there before it is ready.
func (s *service) manager(cluster *rest.Config, config *policy.File, log *slog.Logger) (manager.Manager, error) {
	settings, err := s.mesh.config(true)
	if err != nil {
		return nil, err
	}
	stored, err := feed.New(cluster, config.Current().Settings(settings), log)
	if err != nil {
		return nil, err
	}
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
	certificate, err := s.certificates.open(cluster, log)
	if err != nil {
		return nil, err
	}
	m, err := manager.New(cluster, manager.Options{
		WebhookServer: webhook.NewServer(webhook.Options{
			Host:    s.host,
			Port:    s.port,
			TLSOpts: []func(*tls.Config){certificate.configure},
		}),
		HealthProbeBindAddress: s.healthAddress,
		Metrics:                metricsserver.Options{BindAddress: s.metricsAddress},
	})
	if err != nil {
		return nil, fmt.Errorf("the server cannot be set up: %w", err)
	}
	hooks := m.GetWebhookServer()
	counters := admit.NewMetrics(metrics.Registry)
	serve := func(name string, reviewer admit.Reviewer, gate func(http.Handler) http.Handler) {
		handler := certificate.gate(gate(&admit.Handler{
			Name: name, Reviewer: reviewer, Policy: config.Current, Slots: admit.NewSlots(s.mostReviews), Metrics: counters, Log: log,
		}))
		hooks.Register("/"+name, handler)
		hooks.Register("/"+name+"/", handler) // webhooks of remote clusters say more
	}
	pods := reviewerOfPods(m, injector, stored, log)
	serve("inject", pods, configured(injector))
	serve("validate", &admit.Routing{Engine: engine, Stored: stored, Policy: config.Current, Metrics: counters, Log: log}, open)
	return m, errors.Join(
		certificate.addTo(m),
		m.Add(config),
		m.Add(stored),
		m.Add(injector),
		s.missing.watch(m, cluster, injector, s.injector.revision, pods.Events, log),
		m.Add(audit.New(engine, stored, stored, audit.NewMetrics(metrics.Registry), log)),
		m.AddHealthzCheck("process", healthz.Ping),
		m.AddReadyzCheck("certificate", explained(log, func(*http.Request) error { return certificate.source.Ready() })),
		m.AddReadyzCheck("mesh", explained(log, func(*http.Request) error { return stored.Ready() })),
		m.AddReadyzCheck("injector", explained(log, func(*http.Request) error { return injector.Ready() })),
		m.AddReadyzCheck("webhooks", explained(log, hooks.StartedChecker())),
	)
}

// explained logs why a check fails, once per reason: the answer to a probe says
// only that it does.
func explained(log *slog.Logger, check healthz.Checker) healthz.Checker {
	var last atomic.Value
	return func(r *http.Request) error {
		err := check(r)
		reason := fmt.Sprint(err)
		if last.Swap(reason) != reason && err != nil {
			log.Info("not ready", "reason", reason)
		}
		return err
	}
}
