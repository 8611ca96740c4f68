package live_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// interference is a mutating webhook for the pods of one namespace. API servers ask
// webhooks in the order of their configurations' names, and this one comes last. It does
// not care what others make of its work: it is asked once.
const interference = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: zz-%[1]s}
webhooks:
- name: interference.example.com
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  clientConfig: {url: %[2]q, caBundle: %[3]s}
  reinvocationPolicy: Never
  sideEffects: None
  admissionReviewVersions: [v1]
`

// interfere has another webhook patch the namespace's pods after meshward, by the JSON
// patch that is in a file at that time.
func (s *stage) interfere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: interfere FILE")
	}
	pair, err := s.serving()
	ts.Check(err)
	server := httptest.NewUnstartedServer(patches(ts.MkAbs(args[0])))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	ts.Defer(server.Close)
	manifest := fmt.Sprintf(interference, ts.Getenv("NS"), server.URL, ts.Getenv("CA"))
	ts.Defer(func() { ts.Check(s.feed(manifest, "delete")) })
	ts.Check(s.feed(manifest, "apply"))
}

// serving is a certificate that the API server trusts.
func (s *stage) serving() (tls.Certificate, error) {
	certificate, key, err := s.ServingCertificate("127.0.0.1")
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certificate, key)
}

// feed has kubectl do something with a manifest.
func (s *stage) feed(manifest, verb string) error {
	command := s.Kubectl(context.Background(), verb, "-f", "-") // also once the script is over
	command.Stdin = strings.NewReader(manifest)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", verb, err, out)
	}
	return nil
}

// patches answers every review with the patch of a file.
func patches(file string) http.Handler {
	type response struct {
		UID       string `json:"uid"`
		Allowed   bool   `json:"allowed"`
		PatchType string `json:"patchType"`
		Patch     []byte `json:"patch"`
	}
	type review struct {
		APIVersion string               `json:"apiVersion"`
		Kind       string               `json:"kind"`
		Request    struct{ UID string } `json:"request,omitzero"`
		Response   response             `json:"response"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked review
		patch, err := os.ReadFile(file)
		if err == nil {
			err = json.NewDecoder(r.Body).Decode(&asked)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer := review{APIVersion: asked.APIVersion, Kind: asked.Kind, Response: response{asked.Request.UID, true, "JSONPatch", patch}}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}
