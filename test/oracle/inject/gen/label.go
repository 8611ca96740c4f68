package gen

import "strings"

func labelNames(d *draft) {
	keys := []string{"app", "version", "app.kubernetes.io/name", "app.kubernetes.io/version", "service.istio.io/canonical-name", "service.istio.io/canonical-revision", "service.istio.io/workload-name"}
	for range d.between(1, 3) {
		d.label(pick(d, keys...), pick(d, "", "v1", "1.0", "true", "name", strings.Repeat("long-", 14), strings.Repeat("l", 61)+"-.-"))
	}
}

func labelMesh(d *draft) {
	key := pick(d, "security.istio.io/tlsMode", "networking.istio.io/tunnel", "topology.istio.io/network", "istio.io/rev", "pod-template-hash", "deploymentconfig", "rollouts-pod-template-hash", "security.istio.io/tlsMode")
	d.note(key)
	d.label(key, pick(d, "disabled", "net2", "", "http", "canary", hash))
}

func labelSelectors(d *draft) {
	d.label(pick(d, "always", "never", "tier", "always"), pick(d, "yes", "front", ""))
}

func labelInject(d *draft) {
	d.label("sidecar.istio.io/inject", pick(d, "true", "true", "false", "", "yes", "False"))
}

func hostileLabels(d *draft) {
	d.label(pick(d, "app", "version", "service.istio.io/workload-name"), pick(d, hostile...))
}

// hostile are texts that would like to be more than a value.
var hostile = []string{
	"\"", "a\"\n  injected: \"x", "{{ .Values }}", "'", "\\", "a: b", "# c", "\u2028", "é", "$(POD_NAME)", "null", "0x1F", "1e3", "~", "- x", "a\tb", "[", "<&>", "%s%d",
}
