package live_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

// TestClientCA has an API server show a certificate to webhooks, as its admission
// configuration says, to a replica that answers nobody else.
func TestClientCA(t *testing.T) {
	folder := t.TempDir()
	ours, others := newIssuer(t, "ours"), newIssuer(t, "others")
	s, to := openShowing(t, folder, ours.issue(t, "kube-apiserver"))
	file := filepath.Join(folder, "client-ca.crt")
	replace(t, file, ours.text)
	replica, err := s.door.Replica(t.Context(), "client-ca", "--client-ca", file, "--shutdown-delay", "0s")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := replica.Stop(); err != nil { // and it has not ended before
			t.Error(err)
		}
	}()
	s.eventually(t, "the replica is ready", func() error { return healthy(t, replica) })
	s.sendTo(t, to, replica.Address, false)

	clients := map[string]*client{
		"the API server":         newClient(t, s, replica, ours.issue(t, "kube-apiserver")),
		"nobody":                 newClient(t, s, replica, nil),
		"another name":           newClient(t, s, replica, ours.issue(t, "system:anonymous")),
		"another CA":             newClient(t, s, replica, others.issue(t, "kube-apiserver")),
		"another CA, other name": newClient(t, s, replica, others.issue(t, "somebody")),
	}
	hold := func(admits bool, answered ...string) {
		t.Helper()
		s.eventually(t, fmt.Sprintf("answered is %q and no one else", answered), func() error {
			return errors.Join(admitted(t, to, admits), answers(t, clients, answered), healthy(t, replica))
		})
	}
	hold(true, "the API server")
	replace(t, file, others.text)
	hold(false, "another CA")
	replace(t, file, append(bytes.Clone(others.text), ours.text...))
	hold(true, "the API server", "another CA")
	replace(t, file, ours.text)
	hold(true, "the API server")
	replace(t, file, []byte("nonsense")) // the last good one counts
	s.eventually(t, "the log says that the file is wrong", func() error { return logged(replica, "the CA of clients cannot be read") })
	hold(true, "the API server")
}

// openShowing starts a cluster of its own, whose API server shows a certificate to every
// webhook, with meshward in front of it. What it cannot ask about is refused.
func openShowing(t *testing.T, folder string, shown *tls.Certificate) (*stage, api) {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{
		Name: "client-ca", Progress: os.Stderr,
		APIServerArgs: []string{"--admission-control-config-file=" + admissionConfiguration(t, folder, shown)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &stage{Cluster: c}
	if s.door, err = live.Open(t.Context(), c, live.Options{}); err != nil {
		t.Fatal(err)
	}
	to := s.api(t)
	s.prepare(t, to)
	s.kubectl(t, "", "patch", "validatingwebhookconfiguration", "meshward", "--type=json", "-p", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]`)
	return s, to
}

// admissionConfiguration writes what kube-apiserver reads, and returns its path. The user
// "*" is for every webhook.
func admissionConfiguration(t *testing.T, folder string, shown *tls.Certificate) string {
	t.Helper()
	certificate, key := encoded(t, shown)
	kubeconfig := filepath.Join(folder, "webhooks.kubeconfig")
	configuration := filepath.Join(folder, "admission.yaml")
	files := map[string]string{
		filepath.Join(folder, "client.crt"): certificate,
		filepath.Join(folder, "client.key"): key,
		kubeconfig: `apiVersion: v1
kind: Config
users:
- name: "*"
  user: {client-certificate: client.crt, client-key: client.key}
`,
		configuration: "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n",
	}
	for _, plugin := range []string{"MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"} {
		files[configuration] += fmt.Sprintf("- name: %s\n  configuration: {apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: %q}\n", plugin, kubeconfig)
	}
	for file, text := range files {
		replace(t, file, []byte(text))
	}
	return configuration
}

// replace puts another file in the place of one, at once.
func replace(t *testing.T, file string, text []byte) {
	t.Helper()
	next := file + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}

// client calls the replica as the API server would.
type client struct {
	http    *http.Client
	address string
}

// newClient keeps its connections, which are held to a CA that is changed as new ones are.
func newClient(t *testing.T, s *stage, replica *live.Replica, shown *tls.Certificate) *client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	config := &tls.Config{RootCAs: roots}
	if shown != nil {
		// Whatever issuers the server names: a client of another CA shows its own all the same.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shown, nil }
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{&http.Client{Transport: transport}, replica.Address}
}

const review = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"asked","operation":"DELETE",` +
	`"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"}}}`

// asks calls a webhook, and returns an error unless it is answered with a review.
func (c *client) asks(ctx context.Context, webhook string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.address+"/"+webhook, strings.NewReader(review))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(text), `"uid":"asked"`) {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	return nil
}

// answers returns an error unless just these clients are answered, by both webhooks.
func answers(t *testing.T, clients map[string]*client, wanted []string) error {
	t.Helper()
	var wrong []error
	for name, c := range clients {
		want := slices.Contains(wanted, name)
		for _, webhook := range []string{"inject", "validate"} {
			if err := c.asks(t.Context(), webhook); (err == nil) != want {
				wrong = append(wrong, fmt.Errorf("%s of %s: %w", name, webhook, errors.Join(errors.New("it should be otherwise"), err)))
			}
		}
	}
	return errors.Join(wrong...)
}

// admitted returns an error unless both webhooks are asked, or both refuse the API server.
func admitted(t *testing.T, to api, wanted bool) error {
	t.Helper()
	injects, judges := admitPod(t.Context(), to), admitRoute(t.Context(), to)
	if wanted {
		return errors.Join(injects, judges)
	}
	for _, err := range []error{injects, judges} {
		if err == nil || !strings.Contains(err.Error(), "failed calling webhook") {
			return errors.Join(errors.New("the API server is answered"), err)
		}
	}
	return nil
}

// healthy asks without any certificate, as a kubelet does.
func healthy(t *testing.T, replica *live.Replica) error {
	t.Helper()
	text, err := fetch(t, replica.Ready)
	if err == nil && text != "ok" {
		err = errors.New(text)
	}
	return err
}

func logged(replica *live.Replica, what string) error {
	text, err := os.ReadFile(replica.Log)
	if err == nil && !strings.Contains(string(text), what) {
		err = fmt.Errorf("%s does not say %q", replica.Log, what)
	}
	return err
}

// issuer is a CA of clients.
type issuer struct {
	text        []byte // PEM
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newIssuer(t *testing.T, name string) *issuer {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	made := signed(t, template, nil)
	return &issuer{
		text:        pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}),
		certificate: made.Leaf, key: made.PrivateKey.(*ecdsa.PrivateKey),
	}
}

// issue makes a certificate for a client.
func (i *issuer) issue(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	return signed(t, &x509.Certificate{
		Subject:  pkix.Name{CommonName: name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, i)
}

// signed completes a certificate; without an issuer it signs itself.
func signed(t *testing.T, template *x509.Certificate, by *issuer) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// encoded is a certificate and its key in PEM.
func encoded(t *testing.T, pair *tls.Certificate) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
