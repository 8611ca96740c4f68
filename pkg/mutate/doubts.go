package mutate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const podSecurity = "pod-security.kubernetes.io/enforce"

// doubts are what may keep an injected pod from running, in words for its creator.
func (d *draft) doubts(namespace *metav1.ObjectMeta) []string {
	var doubts []string
	if name := d.cutOff(); name != "" {
		doubts = append(doubts, fmt.Sprintf("init container %.63q has no network: its traffic is redirected to a proxy that starts after it; native sidecars start before", name))
	}
	if namespace != nil && namespace.Labels[podSecurity] == "restricted" && d.needsNetAdmin() {
		doubts = append(doubts, "this namespace enforces Pod Security \"restricted\", which refuses NET_ADMIN; use the mesh's CNI plugin, or a namespace that allows it")
	}
	return doubts
}

// cutOff returns the name of an init container of the pod that runs while its traffic goes
// to a proxy that is not there yet, or "": only the CNI plugin redirects that early.
func (d *draft) cutOff() string {
	if d.initContainers.find(proxyContainer) != nil || d.initContainers.find(validationContainer) == nil {
		return ""
	}
	for i := range d.initContainers.items {
		it := &d.initContainers.items[i]
		if it.from < 0 {
			continue
		}
		if user := it.container.SecurityContext; user == nil || user.RunAsUser == nil || *user.RunAsUser != proxyID {
			return it.name
		}
	}
	return ""
}

// needsNetAdmin reports whether a container of the templates has rights that no restricted
// namespace grants.
func (d *draft) needsNetAdmin() bool {
	needs := false
	d.all(func(it *item) {
		context := it.container.SecurityContext
		if it.from < 0 && context != nil && context.Capabilities != nil {
			needs = needs || slices.Contains(context.Capabilities.Add, corev1.Capability("NET_ADMIN"))
		}
	})
	return needs
}
