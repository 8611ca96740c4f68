package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/certs"
	"github.com/meshward/meshward/pkg/lead"
	"github.com/meshward/meshward/pkg/selection"
)

// The names of what an installation has.
const (
	leaseName         = "meshward"
	configurationName = "meshward"
	authoritySecret   = "meshward-ca"
)

// namespaceFile is where a pod finds the name of its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// certFlags say by what certificate a server is known, and whom it answers.
type certFlags struct {
	folder       string
	namespace    string
	service      string
	dnsNames     []string
	caDuration   time.Duration
	leafDuration time.Duration
	leastVersion string
	suites       []string
	clientCA     string
	clientNames  []string

	protocol certs.Protocol
}

func (f *certFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.folder, "cert-dir", "", "folder with tls.crt and tls.key, from cert-manager or anybody else; changes are picked up (default: the server certifies itself)")
	flags.StringVar(&f.namespace, "namespace", "", `namespace that the server runs in (default: that of the pod, or else "`+selection.DefaultNamespace+`")`)
	flags.StringVar(&f.service, "service", "meshward", "Service by which the API server calls")
	flags.StringArrayVar(&f.dnsNames, "dns-name", nil, "further name by which the server is called, as of a webhook with a url (may be repeated)")
	flags.DurationVar(&f.caDuration, "ca-duration", 365*24*time.Hour, "how long a CA of a server that certifies itself is good; it is replaced after two thirds")
	flags.DurationVar(&f.leafDuration, "leaf-duration", 7*24*time.Hour, "how long a certificate of that CA is good; it is replaced after two thirds")
	flags.StringVar(&f.leastVersion, "tls-min-version", "1.3", "least version of TLS: 1.3 or 1.2")
	flags.StringSliceVar(&f.suites, "tls-cipher-suites", nil, "cipher suites of TLS 1.2, by their standard names (default: those of Go)")
	flags.StringVar(&f.clientCA, "client-ca", "", "file with the CA of clients; only they are answered then; changes are picked up")
	flags.StringArrayVar(&f.clientNames, "client-name", []string{"kube-apiserver"}, "common name that a client's certificate must have (may be repeated)")
}

// check returns an error if the flags do not make sense.
func (f *certFlags) check() error {
	problems := make([]error, 0, 3)
	var err error
	if f.protocol, err = certs.NewProtocol(f.leastVersion, f.suites); err != nil {
		problems = append(problems, fmt.Errorf("--tls-min-version, --tls-cipher-suites: %w", err))
	}
	if f.clientCA != "" {
		if _, err := certs.NewClients(f.clientCA, f.clientNames, slog.New(slog.DiscardHandler)); err != nil {
			problems = append(problems, fmt.Errorf("--client-ca, --client-name: %w", err))
		}
	}
	if f.folder == "" {
		if err := f.options().Check(); err != nil {
			problems = append(problems, fmt.Errorf("--ca-duration, --leaf-duration: %w", err))
		}
	}
	return errors.Join(problems...)
}

func (f *certFlags) options() certs.Options {
	return certs.Options{
		Namespace:     f.ownNamespace(),
		Service:       f.service,
		DNSNames:      f.dnsNames,
		Configuration: configurationName,
		Label:         selection.ConfigurationLabel,
		Secret:        authoritySecret,
		CADuration:    f.caDuration,
		LeafDuration:  f.leafDuration,
	}
}

func (f *certFlags) ownNamespace() string {
	if f.namespace != "" {
		return f.namespace
	}
	text, err := os.ReadFile(namespaceFile)
	if err != nil {
		return selection.DefaultNamespace
	}
	return cmp.Or(strings.TrimSpace(string(text)), selection.DefaultNamespace)
}

// certificate is what a server is known by, with what it takes to keep that up to date.
type certificate struct {
	source   *certs.Source
	leader   *lead.Leader // nil where nothing needs one
	clients  *certs.Clients
	protocol certs.Protocol
}

// open prepares what the flags say.
func (f *certFlags) open(cluster *rest.Config, log *slog.Logger) (*certificate, error) {
	client, err := kubernetes.NewForConfig(cluster)
	if err != nil {
		return nil, fmt.Errorf("no client for %s: %w", cluster.Host, err)
	}
	c := &certificate{protocol: f.protocol}
	if f.clientCA != "" {
		if c.clients, err = certs.NewClients(f.clientCA, f.clientNames, log); err != nil {
			return nil, err
		}
	}
	options := f.options()
	if f.folder != "" {
		c.source = certs.FromFolder(f.folder, client, options, metrics.Registry, log)
		return c, nil
	}
	if c.source, err = certs.SelfManaged(cluster, client, options, metrics.Registry, log); err != nil {
		return nil, err
	}
	identity, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("no name to lead by: %w", err)
	}
	c.leader = lead.New(client.CoordinationV1(), options.Namespace, leaseName, fmt.Sprintf("%s_%d", identity, os.Getpid()), log)
	c.leader.Add(c.source.Publish)
	return c, nil
}

func (c *certificate) configure(server *tls.Config) {
	c.source.Configure(server)
	c.protocol.Configure(server)
	if c.clients != nil {
		c.clients.Configure(server)
	}
}

// gate lets those pass who may ask.
func (c *certificate) gate(next http.Handler) http.Handler {
	if c.clients == nil {
		return next
	}
	return c.clients.Gate(next)
}

func (c *certificate) addTo(m manager.Manager) error {
	problems := []error{m.Add(c.source)}
	if c.leader != nil {
		problems = append(problems, m.Add(c.leader))
	}
	if c.clients != nil {
		problems = append(problems, m.Add(c.clients))
	}
	return errors.Join(problems...)
}
