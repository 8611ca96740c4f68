package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/pkg/policy"
)

// service is one run of "meshward serve".
type service struct {
	kubeconfig     string
	host           string
	port           int
	healthAddress  string
	metricsAddress string
	configFile     string
	load           loadFlags
	certificates   certFlags
	shutdownDelay  time.Duration
	mesh           meshFlags
	injector       injectorFlags
	missing        missingFlags
	audit          auditFlags
	tracing        tracingFlags
}

func newServe() *cobra.Command {
	var s service
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the admission webhooks",
		Long: `Serve the mutating webhook on /inject and the validating webhook on /validate,
over TLS. The server is ready (GET /readyz on the health address) once it has a
certificate, has read the cluster's traffic configuration and knows the injector's.

The file of --config says what becomes of findings, who is exempt and what the
mesh's own settings are; docs/policy.md describes it. Changes are picked up, and
the last good one stays in effect while the file is wrong. What it says of the mesh
wins over the flags, and takes effect at the next start.

On SIGTERM the server is not ready any more, but goes on serving for --shutdown-delay,
so that nobody is turned away who has not heard of it; then it finishes what is under
way. A second signal ends it at once.

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
	flags.DurationVar(&s.shutdownDelay, "shutdown-delay", 10*time.Second, "how long to go on serving after SIGTERM, in which time API servers hear that this replica is not ready any more")
	s.load.add(flags)
	s.certificates.add(flags)
	s.mesh.add(flags)
	s.injector.add(flags)
	completeFlag(cmd, complianceFlag, compliancePolicies)
	s.missing.add(flags)
	s.audit.add(flags)
	s.tracing.add(flags)
	return cmd
}

func (s *service) run(cmd *cobra.Command) error {
	log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
	ctrl.SetLogger(logr.New(withoutProbes{logr.FromSlogHandler(log.Handler()).GetSink()}))
	klog.SetSlogLogger(log)
	if err := s.check(); err != nil {
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
	stop, again := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(stop, again) // the second signal ends the process at once
	server, err := s.assemble(stop, cluster, config, log)
	if err != nil {
		return err
	}
	log.Info("serving", "version", version(), "address", server.door.Address())
	return live(stop, server.manager.Start, func() error {
		log.Info("leaving", "quiet_period", s.shutdownDelay.String())
		quiet, cancel := context.WithTimeout(context.WithoutCancel(stop), s.shutdownDelay)
		defer cancel()
		return server.door.Leave(quiet)
	})
}

// check returns an error for flags that make no sense.
func (s *service) check() error {
	if s.shutdownDelay < 0 {
		return fmt.Errorf("--shutdown-delay is %s; it must be at least 0s", s.shutdownDelay)
	}
	return errors.Join(s.load.check(), s.missing.Check(), s.certificates.check(), s.audit.check(), s.tracing.check())
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
