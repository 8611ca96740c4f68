package live_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/meshward/meshward/test/live"
)

// TestCertificates has two replicas certify themselves, with leaves of 20 seconds and a CA
// of a minute, while everything is done to their CA. It holds the law: every handshake
// made with the roots that the API server has at that moment succeeds, and so does every
// admission.
func TestCertificates(t *testing.T) {
	s := open(t)
	p := newPair(t, s, "certificates", "20s", "60s")
	law := p.watch(t)

	for i := range 3 {
		before := p.authority(t)
		s.kubectl(t, "", "delete", "secret", "meshward-ca", "-n", p.namespace)
		p.rotated(t, fmt.Sprintf("Secret deleted, time %d", i+1), before)
	}
	before := p.authority(t)
	s.kubectl(t, "", "patch", "secret", "meshward-ca", "-n", p.namespace, "-p", `{"data":{"tls.crt":"bm9uc2Vuc2U="}}`)
	p.rotated(t, "Secret corrupted", before)
	p.rotated(t, "CA ended", p.authority(t))
	law.hold(t)

	for name, patch := range map[string]string{
		"emptied":   `[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`,
		"corrupted": `[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"bm9uc2Vuc2U="}]`,
	} {
		for _, kind := range []string{"mutatingwebhookconfiguration", "validatingwebhookconfiguration"} {
			s.kubectl(t, "", "patch", kind, p.configuration, "--type=json", "-p", patch)
			p.repaired(t, kind+" "+name)
		}
	}
	p.overruled(t)
	before = p.authority(t)
	s.kubectl(t, "", "delete", "secret", "meshward-ca", "-n", p.namespace)
	p.rotated(t, "Secret deleted after somebody wrote against us", before)
	p.repaired(t, "a new CA is written all the same")
}

// TestCertificatesWithoutLeader rotates the CA just after the replica that writes caBundle
// was killed. The other goes on showing what is trusted until it leads itself, which takes
// as long as the Lease that the first has left behind.
func TestCertificatesWithoutLeader(t *testing.T) {
	s := open(t)
	p := newPair(t, s, "no-leader", "2m", "1h")
	p.killLeader(t)
	law := p.watch(t)
	before := p.authority(t)
	s.kubectl(t, "", "delete", "secret", "meshward-ca", "-n", p.namespace)
	p.rotated(t, "leader killed, then Secret deleted", before)
	law.hold(t)
}

// pair is two replicas of a meshward of its own behind a balancer.
type pair struct {
	*stage
	namespace, configuration string
	leaf, ca                 string // how long they are good
	api                      api
	replicas                 []*replica
	log                      string
}

type replica struct {
	address, health string
	gone            atomic.Bool
}

// rights are what a server needs to certify itself.
const rights = `
apiVersion: v1
kind: Namespace
metadata: {name: NS}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: meshward, namespace: NS}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: meshward}
subjects: [{kind: ServiceAccount, name: meshward, namespace: NS}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NS-certificates}
rules:
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  verbs: [list, watch]
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  resourceNames: [NS]
  verbs: [patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NS-certificates}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NS-certificates}
subjects: [{kind: ServiceAccount, name: meshward, namespace: NS}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: certificates, namespace: NS}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
- {apiGroups: [""], resources: [secrets], resourceNames: [meshward-ca], verbs: [list, watch, update]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create]}
- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [meshward], verbs: [get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: certificates, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: certificates}
subjects: [{kind: ServiceAccount, name: meshward, namespace: NS}]
`

// hooks call the pair by a Service, which has no addresses here but the name of this
// machine. They are asked about Services of one namespace.
const hooks = `
apiVersion: v1
kind: Namespace
metadata: {name: NS-judged}
---
apiVersion: v1
kind: Service
metadata: {name: meshward, namespace: NS}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: NS, labels: {meshward.io/revision: NS}}
webhooks:
- name: inject.meshward.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {name: meshward, namespace: NS, port: PORT, path: /inject}}
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NS-judged}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: NS, labels: {meshward.io/revision: NS}}
webhooks:
- name: validate.meshward.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {name: meshward, namespace: NS, port: PORT, path: /validate}}
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NS-judged}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [services]}]
`

func newPair(t *testing.T, s *stage, namespace, leaf, ca string) *pair {
	t.Helper()
	p := &pair{
		stage: s, namespace: namespace, configuration: namespace, leaf: leaf, ca: ca,
		api: s.api(t), log: filepath.Join(t.TempDir(), "serve.log"),
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(p.log); err == nil && t.Failed() {
			t.Logf("the log:\n%s", text)
		}
	})
	s.kubectl(t, strings.ReplaceAll(rights, "NS", namespace), "apply", "-f", "-")
	kubeconfig, err := s.ServiceAccountKubeconfig(t.Context(), namespace, "meshward")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.replicas = append(p.replicas, p.serve(t, kubeconfig))
	}
	port := p.balance(t)
	manifests := strings.NewReplacer("NS", namespace, "PORT", strconv.Itoa(port)).Replace(hooks)
	s.kubectl(t, manifests, "apply", "-f", "-")
	t.Cleanup(func() {
		command := s.Kubectl(context.WithoutCancel(t.Context()), "delete", "-f", "-", "--wait=false")
		command.Stdin = strings.NewReader(manifests)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	p.eventually(t, "both replicas are ready and trusted", func() error {
		return errors.Join(ready(p.replicas[0]), ready(p.replicas[1]), p.handshakes(t), p.asked(t))
	})
	return p
}

func (p *pair) serve(t *testing.T, kubeconfig string) *replica {
	t.Helper()
	var ports [2]int
	for i := range ports {
		var err error
		if ports[i], err = live.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	r := &replica{address: fmt.Sprintf("127.0.0.1:%d", ports[0]), health: fmt.Sprintf("127.0.0.1:%d", ports[1])}
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it ends after what the test cleans up before
	command := p.Command(ctx, p.door.Binary, "serve", "--kubeconfig", kubeconfig, "--namespace", p.namespace, "--leaf-duration", p.leaf, "--ca-duration", p.ca,
		"--host", "127.0.0.1", "--port", strconv.Itoa(ports[0]), "--health-address", r.health, "--metrics-address", "0")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = command.Wait() })
	return r
}

// balance hands connections on to the replicas in turn, and passes over one that is gone.
func (p *pair) balance(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for turn := 0; ; turn++ {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go p.carry(from, turn)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func (p *pair) carry(from net.Conn, turn int) {
	defer from.Close()
	for i := range p.replicas {
		to, err := net.Dial("tcp", p.replicas[(turn+i)%len(p.replicas)].address)
		if err != nil {
			continue
		}
		defer to.Close()
		go func() { _, _ = io.Copy(to, from); to.Close() }()
		_, _ = io.Copy(from, to)
		return
	}
}

func ready(r *replica) error {
	response, err := http.Get("http://" + r.health + "/readyz?verbose")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", text)
	}
	return nil
}

// bundles are the roots that the API server has at this moment.
func (p *pair) bundles(t *testing.T) (map[string][]byte, error) {
	bundles := make(map[string][]byte)
	for _, kind := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		var configuration struct {
			Webhooks []struct {
				ClientConfig struct{ CABundle []byte } //nolint:tagliatelle // as Kubernetes spells it
			}
		}
		if err := p.get(t, "/apis/admissionregistration.k8s.io/v1/"+kind+"/"+p.configuration, &configuration); err != nil {
			return nil, err
		}
		for i, w := range configuration.Webhooks {
			bundles[fmt.Sprintf("%s, webhook %d", kind, i)] = w.ClientConfig.CABundle
		}
	}
	return bundles, nil
}

func (p *pair) get(t *testing.T, path string, into any) error {
	text, err := fetch(t, p.api.url+path)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// handshakes makes one with each replica for each webhook.
func (p *pair) handshakes(t *testing.T) error {
	bundles, err := p.bundles(t)
	if err != nil {
		return err
	}
	for of, bundle := range bundles {
		for _, r := range p.replicas {
			if err := p.handshake(r, bundle); err != nil && !r.gone.Load() {
				return fmt.Errorf("%s, %s: %w", r.address, of, err)
			}
		}
	}
	return nil
}

func (p *pair) handshake(r *replica, bundle []byte) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	dialer := &tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "meshward." + p.namespace + ".svc"}}
	connection, err := dialer.Dial("tcp", r.address)
	if err != nil {
		return err
	}
	return connection.Close()
}

// asked has the API server ask the pair, and fails where it cannot.
func (p *pair) asked(t *testing.T) error {
	return errors.Join(
		p.api.do(t.Context(), http.MethodPost, "/api/v1/namespaces/"+p.namespace+"-judged/services?dryRun=All", "application/json",
			[]byte(`{"metadata":{"name":"asked"},"spec":{"ports":[{"port":80}]}}`)),
		p.api.do(t.Context(), http.MethodPost, "/api/v1/namespaces/"+p.namespace+"-judged/pods?dryRun=All", "application/json",
			[]byte(`{"metadata":{"name":"asked"},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"asked","image":"asked"}]}}`)),
	)
}

// authority is our CA of this moment.
func (p *pair) authority(t *testing.T) []byte {
	t.Helper()
	out, err := p.Kubectl(t.Context(), "get", "secret", "meshward-ca", "-n", p.namespace, "-o", `jsonpath={.data.tls\.crt}`).Output()
	if err != nil {
		return nil // there is none at this moment
	}
	certificate, err := base64.StdEncoding.DecodeString(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// rotated returns when all replicas show leaves of another CA.
func (p *pair) rotated(t *testing.T, what string, before []byte) {
	t.Helper()
	p.eventually(t, what, func() error {
		now := p.authority(t)
		if len(now) == 0 || bytes.Equal(now, before) {
			return errors.New("the CA is still the same")
		}
		for _, r := range p.replicas {
			if err := p.handshake(r, now); err != nil && !r.gone.Load() {
				return err
			}
		}
		return nil
	})
}

// repaired returns when every webhook trusts every replica again.
func (p *pair) repaired(t *testing.T, what string) {
	t.Helper()
	p.eventually(t, what, func() error { return errors.Join(p.handshakes(t), p.asked(t)) })
}

// overruled empties a caBundle again and again, until the leader says that it lets
// somebody have his way.
func (p *pair) overruled(t *testing.T) {
	t.Helper()
	p.eventually(t, "overruled", func() error {
		p.kubectl(t, "", "patch", "validatingwebhookconfiguration", p.configuration, "--type=json",
			"-p", `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":""}]`)
		log, err := os.ReadFile(p.log)
		if err == nil && !strings.Contains(string(log), "somebody else writes caBundle, too") {
			err = errors.New("nobody says so")
		}
		return err
	})
}

// killLeader ends the replica that leads without a warning.
func (p *pair) killLeader(t *testing.T) {
	t.Helper()
	holder := p.kubectl(t, "", "get", "lease", "meshward", "-n", p.namespace, "-o", "jsonpath={.spec.holderIdentity}")
	pid, err := strconv.Atoi(holder[strings.LastIndex(holder, "_")+1:])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.replicas {
		r.gone.Store(true) // until it answers
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.eventually(t, "the leader is gone", func() error {
		left := 0
		for _, r := range p.replicas {
			answers := ready(r) == nil
			r.gone.Store(!answers)
			if answers {
				left++
			}
		}
		if left != 1 {
			return fmt.Errorf("%d replicas answer", left)
		}
		return nil
	})
}

func (p *pair) eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	const patience = 90 * time.Second
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			t.Logf("%s: after %s", what, time.Since(began).Round(10*time.Millisecond))
			return
		}
		if time.Since(began) > patience {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		<-tick.C
	}
}

// law is that nothing fails while it is watched.
type law struct {
	stop     func()
	watching sync.WaitGroup
	checks   atomic.Int64
	mu       sync.Mutex
	broken   []string
}

func (p *pair) watch(t *testing.T) *law {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &law{stop: cancel}
	t.Cleanup(func() { cancel(); l.watching.Wait() })
	for name, check := range map[string]func(*testing.T) error{"handshake": p.handshakes, "admission": p.asked} {
		l.watching.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				if err := check(t); err != nil {
					l.note(fmt.Sprintf("%s %s: %v", time.Now().Format(time.RFC3339Nano), name, err))
				}
				l.checks.Add(1)
				<-tick.C
			}
		})
	}
	return l
}

func (l *law) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = append(l.broken, what)
}

// hold ends the watch, and fails the test if the law was broken.
func (l *law) hold(t *testing.T) {
	t.Helper()
	l.stop()
	l.watching.Wait()
	if l.checks.Load() == 0 {
		t.Error("nothing was checked")
	}
	t.Logf("%d checks, %d of them broken", l.checks.Load(), len(l.broken))
	for i, what := range l.broken {
		if i == 20 {
			t.Errorf("and %d more", len(l.broken)-i)
			break
		}
		t.Error(what)
	}
}
