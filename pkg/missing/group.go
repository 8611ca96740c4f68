package missing

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// reason is that of the Event.
const reason = "missing-sidecar"

// A group is the pods of one controller, or one that has none. What its template says, all
// of them do, so that one is read for all.
type group struct {
	namespace string
	about     metav1.OwnerReference // the controller, or the pod itself
	alone     bool                  // it is the pod itself

	missing int              // how many pods seem to lack the sidecar
	first   client.ObjectKey // one of them
	has     int              // how many have one
	newest  client.ObjectKey // the youngest of those
	born    metav1.Time      // when that was made
	refusal error            // why a pod like these would not be let in; nil if it would
}

func newGroup(pod *metav1.PartialObjectMetadata) *group {
	if controller := metav1.GetControllerOfNoCopy(pod); controller != nil {
		return &group{namespace: pod.Namespace, about: *controller}
	}
	itself := metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}
	return &group{namespace: pod.Namespace, about: itself, alone: true}
}

func (g *group) lacks(pod *metav1.PartialObjectMetadata) {
	if g.missing == 0 {
		g.first = client.ObjectKeyFromObject(pod)
	}
	g.missing++
}

func (g *group) got(pod *metav1.PartialObjectMetadata) {
	if g.has == 0 || g.born.Before(&pod.CreationTimestamp) {
		g.newest, g.born = client.ObjectKeyFromObject(pod), pod.CreationTimestamp
	}
	g.has++
}

// message tells who looks after the pods what to do.
func (g *group) message() string {
	switch {
	case g.refusal != nil:
		return fmt.Sprintf("pod %s has no sidecar though it should, and a new one would be denied: %s", g.first.Name, strings.Join(strings.Fields(g.refusal.Error()), " "))
	case g.alone:
		return "the pod has no sidecar though it should; nobody makes it anew, so delete and create it"
	case g.missing == 1:
		return fmt.Sprintf("pod %s has no sidecar though it should; restart the workload", g.first.Name)
	default:
		return fmt.Sprintf("%d pods, such as %s, have no sidecar though they should; restart the workload", g.missing, g.first.Name)
	}
}

// replaced are the controllers that make a pod anew and lose nothing by it. An evicted pod
// of a Job counts as one that failed, and what other controllers do nobody knows here.
var replaced = map[string]bool{
	"apps/v1 DaemonSet":        true,
	"apps/v1 ReplicaSet":       true,
	"apps/v1 StatefulSet":      true,
	"v1 ReplicationController": true,
}

// evictable reports whether a pod of the group may be evicted at all.
func (g *group) evictable() bool {
	return !g.alone && g.refusal == nil && replaced[g.about.APIVersion+" "+g.about.Kind]
}

// mayNotMove reports whether a pod says, as autoscalers ask it, that it must not be moved.
func mayNotMove(pod *corev1.Pod) bool {
	return pod.Annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false" ||
		pod.Annotations["karpenter.sh/do-not-disrupt"] == "true"
}
