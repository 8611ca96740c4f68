package mutate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/templates"
)

// fuzzed are the annotations that an injector or its templates read, in the order of
// FuzzAnnotations.
var fuzzed = strings.Fields(`
	apm.datadoghq.com/env
	inject.istio.io/templates
	istio.io/reroute-virtual-interfaces
	istio.io/rev
	k8s.v1.cni.cncf.io/networks
	kubectl.kubernetes.io/default-container
	kubectl.kubernetes.io/default-logs-container
	prometheus.io/path
	prometheus.io/port
	prometheus.io/scrape
	prometheus.istio.io/merge-metrics
	prometheus.istio.io/scrape-targets
	prometheus.istio.io/secure-port
	proxy.istio.io/config
	proxy.istio.io/overrides
	readiness.status.sidecar.istio.io/applicationPorts
	readiness.status.sidecar.istio.io/failureThreshold
	readiness.status.sidecar.istio.io/initialDelaySeconds
	readiness.status.sidecar.istio.io/periodSeconds
	resource.opentelemetry.io/service.instance.id
	resource.opentelemetry.io/service.namespace
	resource.opentelemetry.io/service.version
	sidecar.istio.io/agentLogLevel
	sidecar.istio.io/bootstrapOverride
	sidecar.istio.io/capNetBindService
	sidecar.istio.io/componentLogLevel
	sidecar.istio.io/inject
	sidecar.istio.io/interceptionMode
	sidecar.istio.io/logLevel
	sidecar.istio.io/nativeSidecar
	sidecar.istio.io/proxyCPU
	sidecar.istio.io/proxyCPULimit
	sidecar.istio.io/proxyImage
	sidecar.istio.io/proxyImageType
	sidecar.istio.io/proxyMemory
	sidecar.istio.io/proxyMemoryLimit
	sidecar.istio.io/rewriteAppHTTPProbers
	sidecar.istio.io/status
	sidecar.istio.io/userVolume
	sidecar.istio.io/userVolumeMount
	status.sidecar.istio.io/port
	traffic.sidecar.istio.io/excludeInboundPorts
	traffic.sidecar.istio.io/excludeInterfaces
	traffic.sidecar.istio.io/excludeOutboundIPRanges
	traffic.sidecar.istio.io/excludeOutboundPorts
	traffic.sidecar.istio.io/includeInboundPorts
	traffic.sidecar.istio.io/includeOutboundIPRanges
	traffic.sidecar.istio.io/includeOutboundPorts
	traffic.sidecar.istio.io/kubevirtInterfaces
`)

// at is where FuzzAnnotations has an annotation.
func at(tb testing.TB, annotation string) uint8 {
	tb.Helper()
	i := slices.Index(fuzzed, annotation)
	if i < 0 {
		tb.Fatalf("annotation %s is not fuzzed", annotation)
	}
	return uint8(i)
}

// severalTemplates is a configuration in the manner of Istio's own: a sidecar that is native
// or classic, and templates that build on it.
const severalTemplates = `
policy: enabled
defaultTemplates: [sidecar]
aliases: {all: [sidecar, patient, extra, tidy]}
injectedAnnotations: {mesh.example.com/injected: "true"}
templates:
  sidecar: |
    {{ $native := ne (index .ObjectMeta.Annotations "sidecar.istio.io/nativeSidecar" | default (printf "%t" .NativeSidecars)) "false" }}
    metadata:
      labels:
        service.istio.io/canonical-name: {{ index .ObjectMeta.Labels "app" | default .DeploymentMeta.Name | trunc 63 | quote }}
      annotations:
        istio.io/rev: {{ .Revision | default "default" | quote }}
    spec:
      initContainers:
      - name: istio-init
        image: {{ .ProxyInitImage }}
        args: [istio-iptables, "-u", {{ .ProxyUID | default "1337" | quote }}, "-b", {{ annotation .ObjectMeta "traffic.sidecar.istio.io/includeInboundPorts" "*" | quote }}]
      {{ if not $native }}
      containers:
      {{ end }}
      - name: istio-proxy
        image: {{ .ProxyImage }}
        {{ if $native }}
        restartPolicy: Always
        {{ end }}
        args: [proxy, sidecar]
        env:
        - {name: PROXY_CONFIG, value: {{ protoToJSON .ProxyConfig | toJson }} }
        - {name: ISTIO_META_APP_CONTAINERS, value: {{ structToJSON .Spec.Containers | toJson }} }
        ports: [{containerPort: 15090, protocol: TCP, name: http-envoy-prom}]
        securityContext: {runAsUser: 1337, runAsGroup: 1337}
        volumeMounts: [{mountPath: /etc/istio/proxy, name: istio-envoy}]
      volumes:
      - {name: istio-envoy, emptyDir: {medium: Memory}}
      {{ with .Values.global.imagePullSecrets }}
      imagePullSecrets:
      {{ range . }}
      - name: {{ . }}
      {{ end }}
      {{ end }}
  patient: |
    spec:
      terminationGracePeriodSeconds: 45
      containers:
      - name: istio-proxy
        env: [{name: PATIENT, value: "true"}]
        lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
  extra: |
    spec:
      containers:
      - name: extra
        image: extra
        readinessProbe: {httpGet: {port: 8080, path: /ready}}
  tidy: |
    spec:
      containers:
      - name: unwanted
        $patch: delete
`

// fuzzInjectors are injectors of the embedded templates and of several, native and classic.
func fuzzInjectors(tb testing.TB) []*mutate.Injector {
	tb.Helper()
	injectors := defaultInjectors(tb)
	several, err := templates.ParseConfig([]byte(severalTemplates))
	if err != nil {
		tb.Fatal(err)
	}
	eldest := *templates.Embedded()
	eldest.DefaultTemplates = []string{"sidecar-1.0"}
	for _, native := range []bool{true, false} {
		for _, config := range []mutate.Config{
			{Templates: several, NativeSidecars: native},
			{Templates: &eldest, NativeSidecars: native, OpenShift: true},
		} {
			injector, err := mutate.New(config)
			if err != nil {
				tb.Fatal(err)
			}
			injectors = append(injectors, injector)
		}
	}
	return injectors
}

func FuzzAnnotations(f *testing.F) {
	for _, c := range loadCases(f) {
		add := func(first, one, second, other string) { f.Add(c.raw(f), at(f, first), one, at(f, second), other) }
		add("inject.istio.io/templates", "sidecar", "inject.istio.io/templates", "")
		add("inject.istio.io/templates", "all", "sidecar.istio.io/nativeSidecar", "false")
		add("proxy.istio.io/config", `{holdApplicationUntilProxyStarts: true, proxyMetadata: {A: b}}`, "status.sidecar.istio.io/port", "0")
		add("proxy.istio.io/overrides", `{"containers":[{"name":"istio-proxy","args":["a"]}]}`, "sidecar.istio.io/userVolume", `{"a":{"emptyDir":{}}}`)
		add("sidecar.istio.io/status", `{"containers":["istio-proxy"],"revision":"default"}`, "k8s.v1.cni.cncf.io/networks", `[{"name":"a"}]`)
		add("sidecar.istio.io/proxyCPU", "-1", "prometheus.istio.io/scrape-targets", "80:/a,15020:/")
	}
	embedded, injectors := defaultInjectors(f), fuzzInjectors(f)
	f.Fuzz(func(t *testing.T, raw []byte, first uint8, one string, second uint8, other string) {
		raw = annotated(t, raw, map[string]string{
			fuzzed[int(first)%len(fuzzed)]:  one,
			fuzzed[int(second)%len(fuzzed)]: other,
		})
		for _, injector := range embedded {
			checkLaws(t, injector, raw, "default")
		}
		for _, injector := range injectors {
			checkAnyPod(t, injector, raw)
		}
	})
}

// annotated returns a pod with annotations, or what it is where it can have none.
func annotated(tb testing.TB, raw []byte, annotations map[string]string) []byte {
	tb.Helper()
	var outer, metadata, known map[string]json.RawMessage
	if json.Unmarshal(raw, &outer) != nil || outer == nil || json.Unmarshal(or(outer["metadata"], "{}"), &metadata) != nil ||
		metadata == nil || json.Unmarshal(or(metadata["annotations"], "{}"), &known) != nil || known == nil {
		return raw
	}
	for key, value := range annotations {
		known[key] = encode(tb, value)
	}
	metadata["annotations"] = encode(tb, known)
	outer["metadata"] = encode(tb, metadata)
	return encode(tb, outer)
}

func or(raw json.RawMessage, otherwise string) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return json.RawMessage(otherwise)
	}
	return raw
}

func encode(tb testing.TB, value any) []byte {
	tb.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

// checkAnyPod holds what is promised for pods that the API server would refuse as well, such
// as two containers of one name: warnings get through, and the patch applies. Of all others
// it holds the laws, and that what another webhook does is mended.
func checkAnyPod(tb testing.TB, injector *mutate.Injector, raw []byte) {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		return
	}
	request := mutate.Request{Raw: raw, Pod: pod, Workload: mutate.WorkloadOf(pod, "default")}
	decision := injector.Decide(pod, "default")
	if decision.Reason.Again {
		patch, err := injector.Repair(request)
		if err == nil {
			apply(tb, raw, patch)
		}
		return
	}
	if !decision.Inject {
		return
	}
	named := wellNamed(pod)
	injection, err := injector.Inject(request)
	if err != nil {
		return
	}
	for _, warning := range injection.Warnings {
		if strings.ContainsFunc(warning, unicode.IsControl) {
			tb.Errorf("the warning holds a control character: %q", warning)
		}
	}
	injected := apply(tb, raw, injection.Patch)
	if _, err := mutate.Decode(injected); err != nil {
		tb.Errorf("the injected pod cannot be read: %v", err)
	}
	if !named {
		return
	}
	again := repaired(tb, injector, injected)
	if !jsonpatch.Equal(again, injected) {
		tb.Errorf("the injected pod is repaired:\n%s\nbefore:\n%s", again, injected)
	}
	mended := repaired(tb, injector, disturbed(tb, injected))
	if third := repaired(tb, injector, mended); !bytes.Equal(third, mended) {
		tb.Errorf("the repaired pod is repaired:\n%s\nbefore:\n%s", third, mended)
	}
	if got, want := proxyOf(tb, mended), proxyOf(tb, injected); got != want && want != alone {
		tb.Errorf("the repaired pod has %s, not %s", got, want)
	}
}

// wellNamed reports whether all of the pod's items have names, no two the same.
func wellNamed(pod *corev1.Pod) bool {
	seen := map[string]bool{}
	is := func(list, name string) bool {
		key := list + "/" + name
		ok := name != "" && !seen[key]
		seen[key] = true
		return ok
	}
	ok := true
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		ok = is("containers", c.Name) && ok
		for _, v := range c.Env {
			ok = is(c.Name+"/env", v.Name) && ok
		}
	}
	for _, v := range pod.Spec.Volumes {
		ok = is("volumes", v.Name) && ok
	}
	for _, s := range pod.Spec.ImagePullSecrets {
		ok = is("imagePullSecrets", s.Name) && ok
	}
	return ok
}

func repaired(tb testing.TB, injector *mutate.Injector, raw []byte) []byte {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		tb.Fatal(err)
	}
	patch, err := injector.Repair(mutate.Request{Raw: raw, Pod: pod, Workload: mutate.WorkloadOf(pod, "default")})
	if err != nil {
		tb.Fatalf("the pod cannot be repaired: %v", err)
	}
	if len(patch) == 0 {
		return raw
	}
	return apply(tb, raw, patch)
}

// disturbed is a pod after another webhook: containers in another order, one more of each
// kind, and none with a policy of its own.
func disturbed(tb testing.TB, raw []byte) []byte {
	tb.Helper()
	tree, _ := parse(tb, raw).(map[string]any)
	spec, _ := tree["spec"].(map[string]any)
	for _, field := range []string{"initContainers", "containers"} {
		items, _ := spec[field].([]any)
		slices.Reverse(items)
		for _, item := range items {
			if fields, is := item.(map[string]any); is {
				delete(fields, "restartPolicy")
			}
		}
		late := map[string]any{"name": "late-" + strings.ToLower(field), "readinessProbe": map[string]any{"tcpSocket": map[string]any{"port": 1}}}
		spec[field] = append([]any{late}, append(items, map[string]any{"name": "last-" + strings.ToLower(field)})...)
	}
	return encode(tb, tree)
}

const alone = "a classic proxy alone"

// proxyOf says where the proxy is, and what a webhook may have made of it.
func proxyOf(tb testing.TB, raw []byte) string {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		tb.Fatal(err)
	}
	for i, c := range pod.Spec.InitContainers {
		if c.Name == "istio-proxy" {
			return fmt.Sprintf("a native proxy at %d, always restarted: %t", i, c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways)
		}
	}
	if containers := pod.Spec.Containers; len(containers) == 1 && containers[0].Name == "istio-proxy" {
		return alone
	}
	for i, c := range pod.Spec.Containers {
		if c.Name == "istio-proxy" {
			return fmt.Sprintf("a classic proxy, first: %t, last: %t", i == 0, i == len(pod.Spec.Containers)-1)
		}
	}
	return "no proxy"
}
