// Package live puts meshward, as the plain process that its users run, in front
// of a real control plane.
//
// It knows how meshward is built, configured and installed. It must not know
// what any test or demonstration does with it.
package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/meshward/meshward/test/cluster"
)

// readyWithin bounds how long meshward may take from its start to being asked.
const readyWithin = 30 * time.Second

// Options say how to run meshward.
type Options struct {
	// Build are extra arguments for "go build".
	Build []string
	// Config is the text of the configuration file; empty for none.
	Config string
}

// Door is a running meshward that an API server asks.
type Door struct {
	// Binary is the path of the meshward that runs.
	Binary string
	// Metrics is the URL of its metrics.
	Metrics string
	// Log is the path of what it writes.
	Log string

	cluster *cluster.Cluster
	config  string
	dir     string
	port    int
	health  string
	ended   chan error
}

// Open builds meshward, installs it into a cluster by the bootstrap manifests'
// local overlay and runs it with the rights of its own ServiceAccount and no
// other. It returns when the API server asks it. It ends with the cluster.
func Open(ctx context.Context, c *cluster.Cluster, with Options) (*Door, error) {
	d := &Door{cluster: c, config: with.Config, dir: filepath.Join(c.Dir, "meshward"), ended: make(chan error, 1)}
	d.Binary, d.Log = filepath.Join(d.dir, "meshward"), filepath.Join(d.dir, "serve.log")
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"build meshward", func(ctx context.Context) error { return d.build(ctx, with.Build) }},
		{"install meshward", d.install},
		{"start meshward", d.serve},
		{"wait until the API server asks meshward", d.wait},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return d, nil
}

// Address is where the API server asks.
func (d *Door) Address() string { return fmt.Sprintf("127.0.0.1:%d", d.port) }

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func (d *Door) build(ctx context.Context, extra []string) error {
	arguments := append([]string{"build", "-o", d.Binary}, extra...)
	command := exec.CommandContext(ctx, "go", append(arguments, "./cmd/webhook")...)
	command.Dir = Root()
	return run(command)
}

// kustomization is what the local overlay cannot know: the port, and whom the
// API server may trust.
const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- %[1]s
patches:
- target: {kind: MutatingWebhookConfiguration}
  patch: |-
    - {op: replace, path: /webhooks/0/clientConfig/url, value: "https://127.0.0.1:%[2]d/inject"}
    - {op: add, path: /webhooks/0/clientConfig/caBundle, value: %[3]q}
    - {op: replace, path: /webhooks/1/clientConfig/url, value: "https://127.0.0.1:%[2]d/inject"}
    - {op: add, path: /webhooks/1/clientConfig/caBundle, value: %[3]q}
    - {op: replace, path: /webhooks/2/clientConfig/url, value: "https://127.0.0.1:%[2]d/inject"}
    - {op: add, path: /webhooks/2/clientConfig/caBundle, value: %[3]q}
    - {op: replace, path: /webhooks/3/clientConfig/url, value: "https://127.0.0.1:%[2]d/inject"}
    - {op: add, path: /webhooks/3/clientConfig/caBundle, value: %[3]q}
- target: {kind: ValidatingWebhookConfiguration}
  patch: |-
    - {op: replace, path: /webhooks/0/clientConfig/url, value: "https://127.0.0.1:%[2]d/validate"}
    - {op: add, path: /webhooks/0/clientConfig/caBundle, value: %[3]q}
`

func (d *Door) install(ctx context.Context) error {
	port, err := FreePort()
	if err != nil {
		return err
	}
	d.port = port
	overlay, err := filepath.Rel(d.dir, filepath.Join(Root(), "config", "overlays", "local"))
	if err != nil {
		return err
	}
	text := fmt.Sprintf(kustomization, overlay, port, encode(d.cluster.CA()))
	if err := os.WriteFile(filepath.Join(d.dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	return run(d.cluster.Kubectl(ctx, "apply", "-k", d.dir))
}

func (d *Door) serve(ctx context.Context) error {
	if err := d.certify(); err != nil {
		return err
	}
	kubeconfig, err := d.cluster.ServiceAccountKubeconfig(ctx, "meshward-system", "meshward")
	if err != nil {
		return err
	}
	health, err := FreePort()
	if err != nil {
		return err
	}
	metrics, err := FreePort()
	if err != nil {
		return err
	}
	d.health = fmt.Sprintf("http://127.0.0.1:%d/readyz", health)
	d.Metrics = fmt.Sprintf("http://127.0.0.1:%d/metrics", metrics)
	arguments := []string{
		"serve", "--kubeconfig", kubeconfig, "--cert-dir", d.dir, "--host", "127.0.0.1", "--port", fmt.Sprint(d.port),
		"--health-address", fmt.Sprintf("127.0.0.1:%d", health), "--metrics-address", fmt.Sprintf("127.0.0.1:%d", metrics),
	}
	if d.config != "" {
		file := filepath.Join(d.dir, "config.yaml")
		if err := os.WriteFile(file, []byte(d.config), 0o600); err != nil {
			return err
		}
		arguments = append(arguments, "--config", file)
	}
	return d.start(ctx, arguments)
}

// certify gives meshward the certificate that it serves.
func (d *Door) certify() error {
	certificate, key, err := d.cluster.ServingCertificate("127.0.0.1")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) start(ctx context.Context, arguments []string) error {
	log, err := os.Create(d.Log)
	if err != nil {
		return err
	}
	defer log.Close()
	// The process is to live as long as the cluster, not as long as the caller's
	// context.
	command := d.cluster.Command(context.WithoutCancel(ctx), d.Binary, arguments...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return err
	}
	go func() { d.ended <- command.Wait() }()
	return nil
}

// wait returns once meshward is ready and the API server has taken notice of
// both of its webhooks, which it does a moment after they are stored.
func (d *Door) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	checks := []func(context.Context) error{d.ready, d.judges, d.injects}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for len(checks) > 0 {
		err := checks[0](ctx)
		if err == nil {
			checks = checks[1:]
			continue
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return fmt.Errorf("it ended; the end of %s:\n%s", d.Log, tail(d.Log))
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w; the end of %s:\n%s", readyWithin, err, d.Log, tail(d.Log))
		}
	}
	return nil
}

func (d *Door) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.health, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", d.health, response.Status)
	}
	return nil
}

const unroutable = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: meshward-probe, namespace: default}
spec:
  hosts: [probe.invalid]
  http: [{route: [{destination: {host: probe.invalid, subset: none}}]}]
`

func (d *Door) judges(ctx context.Context) error {
	return d.dryRun(ctx, unroutable, "undefined-subset")
}

const unmeshed = `
apiVersion: v1
kind: Namespace
metadata: {name: meshward-probe, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: meshward-probe}
spec: {containers: [{name: probe, image: probe}]}
`

// injects asks for a pod in a namespace that is there for this question only.
func (d *Door) injects(ctx context.Context) error {
	namespace, pod, _ := strings.Cut(unmeshed, "---")
	apply := d.cluster.Kubectl(ctx, "apply", "-f", "-")
	apply.Stdin = strings.NewReader(namespace)
	if err := run(apply); err != nil {
		return err
	}
	if err := d.dryRun(ctx, pod, "istio-proxy"); err != nil {
		return err
	}
	return run(d.cluster.Kubectl(ctx, "delete", "namespace", "meshward-probe", "--wait=false"))
}

func (d *Door) dryRun(ctx context.Context, manifest, want string) error {
	create := d.cluster.Kubectl(ctx, "create", "--dry-run=server", "-o", "yaml", "-f", "-")
	create.Stdin = strings.NewReader(manifest)
	out, err := create.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if !strings.Contains(string(out), want) {
		return fmt.Errorf("the API server answered without asking meshward: %s", out)
	}
	return nil
}

// FreePort returns a port of the loopback address that was free a moment ago. It
// returns an error where there is none.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("no free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
