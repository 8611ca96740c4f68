package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

// The names of an installation.
const (
	ownNamespace  = "meshward-system"
	ownName       = "meshward" // of the Service, the ServiceAccount, the configurations and the Lease
	authority     = "meshward-ca"
	servingSecret = "meshward-tls"
	servingName   = "meshward-serving" // of cert-manager's Certificate
)

// kustomization is what a soak changes of an overlay: the replicas are processes here, so
// that the Deployment has none, and the Service leads to the balancer in front of them.
const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- %[1]s
- endpoints.yaml
patches:
- target: {kind: Deployment, name: meshward}
  patch: |-
    - {op: add, path: /spec/replicas, value: 0}
- target: {kind: Service, name: meshward}
  patch: |-
    - {op: remove, path: /spec/selector}
    - {op: replace, path: /spec/ports/0/targetPort, value: %[2]s}
`

const endpoints = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: meshward-balancer
  namespace: meshward-system
  labels: {kubernetes.io/service-name: meshward}
addressType: IPv4
endpoints:
- {addresses: ["%[1]s"], conditions: {ready: true}}
ports:
- {name: webhook, port: %[2]s, protocol: TCP}
`

// install applies an overlay of the bootstrap manifests, as far as a soak can use it.
func install(ctx context.Context, c *cluster.Cluster, overlay, balancer string) error {
	host, port, err := net.SplitHostPort(balancer)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, "manifests")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	from, err := filepath.Rel(dir, filepath.Join(live.Root(), overlay))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"kustomization.yaml": fmt.Sprintf(kustomization, from, port),
		"endpoints.yaml":     fmt.Sprintf(endpoints, host, port),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return run(c.Kubectl(ctx, "apply", "-k", dir))
}

// installCertManager applies cert-manager's definitions and starts its controllers, which
// are a part of this binary.
func installCertManager(ctx context.Context, c *cluster.Cluster) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	list.Dir = filepath.Join(live.Root(), "test", "soak")
	module, err := list.Output()
	if err != nil {
		return fmt.Errorf("find cert-manager's module: %w", err)
	}
	definitions := filepath.Join(strings.TrimSpace(string(module)), "deploy", "crds")
	if err := run(c.Kubectl(ctx, "apply", "--server-side", "-f", definitions)); err != nil {
		return err
	}
	wait := c.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=60s", "-f", definitions)
	if err := run(wait); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.Dir, "logs", "cert-manager.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := c.Command(context.WithoutCancel(ctx), self, certManagerCommand, c.Kubeconfig)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return err
	}
	go func() {
		if err := command.Wait(); err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "soak: cert-manager ended: %v\n%s\n", err, lastOf(log.Name()))
		}
	}()
	return nil
}

// apply stores manifests.
func apply(ctx context.Context, c *cluster.Cluster, manifests string) error {
	command := c.Kubectl(ctx, "apply", "--server-side", "-f", "-")
	command.Stdin = strings.NewReader(manifests)
	return run(command)
}

// run runs a command and returns what it said if it fails.
func run(command *exec.Cmd) error {
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// build builds meshward as it ships.
func build(ctx context.Context, binary string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/webhook")
	command.Dir = live.Root()
	return run(command)
}

// hostAddress is an address of this machine that is not the loopback's, which the API
// server does not allow for endpoints.
func hostAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, address := range addresses {
		network, ok := address.(*net.IPNet)
		if ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no IPv4 address but the loopback's, and an endpoint must have one; add one to a dummy interface")
}
