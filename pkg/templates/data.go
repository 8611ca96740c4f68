package templates

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Data is all that a template can see. Its field names are the contract with
// template authors, and they are those of Istio's own injector. A template only
// reads: no function changes what it is given.
type Data struct {
	// TypeMeta and DeploymentMeta name the workload that the pod belongs to: the
	// Deployment rather than its ReplicaSet, or the pod itself where it stands alone.
	TypeMeta       metav1.TypeMeta
	DeploymentMeta types.NamespacedName
	// ObjectMeta and Spec are the pod's, as the user wrote them.
	ObjectMeta *metav1.ObjectMeta
	Spec       *corev1.PodSpec
	// Values are the operator's settings, over the embedded defaults.
	Values Values
	// Revision names the control plane that the pod joins; "default" where there is only one.
	Revision string
	// NativeSidecars puts istio-proxy among the init containers with restartPolicy
	// Always, so that it starts before and stops after the application.
	NativeSidecars bool
	// ProxyImage is the whole image reference of istio-init and istio-proxy.
	ProxyImage string
}
