package certs

import (
	"fmt"
	"log/slog"

	certmanager "github.com/cert-manager/cert-manager/pkg/server/tls"
	"github.com/cert-manager/cert-manager/pkg/server/tls/authority"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// SelfManaged keeps a CA in a Secret, and serves leaves of it that each replica signs in
// memory. The leader has to Publish the CA.
func SelfManaged(cluster *rest.Config, client kubernetes.Interface, o Options, registry prometheus.Registerer, log *slog.Logger) (*Source, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("the certificates: %w", err)
	}
	source := &certmanager.DynamicSource{
		DNSNames: o.names(),
		Authority: &authority.DynamicAuthority{
			SecretNamespace: o.Namespace,
			SecretName:      o.Secret,
			SecretLabels:    map[string]string{"app.kubernetes.io/name": "meshward", "app.kubernetes.io/managed-by": "meshward"},
			RESTConfig:      cluster,
			CommonName:      o.Secret,
			CADuration:      o.CADuration,
			LeafDuration:    o.LeafDuration,
		},
	}
	s := newSource(client, o, source, nil, registry, log)
	s.origin = fmt.Sprintf("the CA in Secret %s/%s", o.Namespace, o.Secret)
	s.ledger = &ledger{watch: s.watch, retention: newRetention(o.LeafDuration)}
	return s, nil
}
