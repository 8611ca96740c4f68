package gen

import (
	"math/rand/v2"

	networkingv1beta1 "istio.io/client-go/pkg/apis/networking/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// draft is a workload that is being made.
type draft struct {
	*rand.Rand
	installation string
	native       bool
	feature      string
	notes        []string

	kind       string
	apiVersion string
	retired    bool
	// name and namespace are the workload's, podNamespace is in the template.
	name, namespace, podNamespace string
	// list says that the workload is in a list.
	list bool
	// before and after are other documents of the same file.
	before, after []string

	// meta and spec are the pod's.
	meta metav1.ObjectMeta
	spec corev1.PodSpec

	// owner changes who owns the pod.
	owner        func(pod *corev1.Pod)
	path         string
	proxyConfigs []*networkingv1beta1.ProxyConfig
}

func newDraft(seed uint64, installations []string) *draft {
	d := &draft{Rand: stream(seed, "draft"), path: "/inject"}
	d.installation = installations[0]
	if d.IntN(2) == 0 {
		d.installation = pick(d, installations...)
	}
	d.native = d.IntN(2) == 0
	d.kind = pick(d, "Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod", "Pod", "DeploymentConfig")
	d.name = pick(d, "web", "web", "reviews-v1", "a-very-long-name-of-a-workload-that-goes-on-and-on-until-it-is-cut-off-at-some-place")
	d.namespace = pick(d, "", "default", "shop")
	d.meta.Labels = map[string]string{"app": "web"}
	d.spec.Containers = []corev1.Container{{Name: "main", Image: "main:1"}}
	d.notes = append(d.notes, "kind/"+d.kind)
	return d
}

// note says something about what a feature did.
func (d *draft) note(text string) { d.notes = append(d.notes, d.feature+"/"+text) }

// oneIn is true once in so many times.
func (d *draft) oneIn(of int) bool { return d.IntN(of) == 0 }

// between is a number from least to most.
func (d *draft) between(least, most int) int { return least + d.IntN(most-least+1) }

// annotate gives the pod an annotation.
func (d *draft) annotate(key, value string) {
	if d.meta.Annotations == nil {
		d.meta.Annotations = map[string]string{}
	}
	d.meta.Annotations[key] = value
}

// label gives the pod a label.
func (d *draft) label(key, value string) {
	if d.meta.Labels == nil {
		d.meta.Labels = map[string]string{}
	}
	d.meta.Labels[key] = value
}

// container is any container of the pod that is not the proxy's.
func (d *draft) container() *corev1.Container {
	var all []*corev1.Container
	for i := range d.spec.Containers {
		all = append(all, &d.spec.Containers[i])
	}
	for i := range d.spec.InitContainers {
		if d.spec.InitContainers[i].Name != proxy {
			all = append(all, &d.spec.InitContainers[i])
		}
	}
	return pick(d, all...)
}

// proxy is the name of the container that is injected.
const proxy = "istio-proxy"

// pick is one of some values; one that is named twice comes twice as often.
func pick[T any](d *draft, from ...T) T { return from[d.IntN(len(from))] }
