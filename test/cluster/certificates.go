package cluster

import (
	"fmt"
	"os"

	"github.com/meshward/meshward/test/cluster/internal/pki"
)

// identities are the cluster's own clients, by the names of their kubeconfigs.
// RBAC knows the users of the controllers and of the scheduler. kwok plays every
// kubelet at once, which no built-in role allows.
var identities = []struct {
	file, user string
	groups     []string
}{
	{"admin", "admin", []string{"system:masters"}},
	{"kube-controller-manager", "system:kube-controller-manager", nil},
	{"kube-scheduler", "system:kube-scheduler", nil},
	{"kwok", "kwok", []string{"system:masters"}},
}

// issue writes the keys and certificates of the servers.
func (c *Cluster) issue() error {
	apiServer, err := c.authority.Serving(loopback, "localhost", firstServiceIP,
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	if err != nil {
		return err
	}
	etcd, err := c.authority.Serving(loopback, "localhost")
	if err != nil {
		return err
	}
	etcdClient, err := c.authority.Client("kube-apiserver")
	if err != nil {
		return err
	}
	public, private, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	for name, pair := range map[string]pki.Pair{
		"ca":              c.authority.Pair,
		"kube-apiserver":  apiServer,
		"etcd":            etcd,
		"etcd-client":     etcdClient,
		"service-account": {Certificate: public, Key: private},
	} {
		if err := os.WriteFile(c.certificate(name), pair.Certificate, 0o644); err != nil {
			return fmt.Errorf("write a certificate: %w", err)
		}
		if err := os.WriteFile(c.key(name), pair.Key, 0o600); err != nil {
			return fmt.Errorf("write a key: %w", err)
		}
	}
	return nil
}

// loadAuthority reads the authority of a cluster that was found.
func (c *Cluster) loadAuthority() error {
	certificate, err := os.ReadFile(c.certificate("ca"))
	if err != nil {
		return fmt.Errorf("read the authority of a cluster: %w", err)
	}
	key, err := os.ReadFile(c.key("ca"))
	if err != nil {
		return fmt.Errorf("read the authority of a cluster: %w", err)
	}
	authority, err := pki.ParseAuthority(pki.Pair{Certificate: certificate, Key: key})
	if err != nil {
		return err
	}
	return c.trust(authority)
}

// trust makes the authority that of the cluster, and gets access by it.
func (c *Cluster) trust(authority *pki.Authority) error {
	api, err := newAPIClient(c.URL, authority)
	if err != nil {
		return err
	}
	c.authority, c.api = authority, api
	return nil
}

// certificate is where the certificate of that name is, or the public key.
func (c *Cluster) certificate(name string) string { return c.path(pkiFolder, name+".crt") }

// key is where the private key of that name is.
func (c *Cluster) key(name string) string { return c.path(pkiFolder, name+".key") }

// ServingCertificate makes a certificate and its key, both in PEM, for a server
// that is reached by the given host names and IP addresses. It is signed by the
// authority of the cluster, so that CA is the bundle of a webhook which is served
// with it. It returns an error if there are no hosts.
func (c *Cluster) ServingCertificate(hosts ...string) (certificate, key []byte, err error) {
	pair, err := c.authority.Serving(hosts...)
	return pair.Certificate, pair.Key, err
}

// CA is the certificate of the cluster's authority, in PEM.
func (c *Cluster) CA() []byte { return c.authority.Certificate }
