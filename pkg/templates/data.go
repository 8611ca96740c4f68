package templates

import (
	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Data is all that a template can see. Its field names are the contract with
// template authors, and they are those of Istio's own injector. A template only
// reads: nothing that Render is given is changed by it.
//
// ObjectMeta, Spec, ProxyConfig and MeshConfig must not be nil.
type Data struct {
	// TypeMeta and DeploymentMeta name the workload that the pod belongs to: the
	// Deployment rather than its ReplicaSet, or the pod itself where it stands alone.
	TypeMeta       metav1.TypeMeta
	DeploymentMeta types.NamespacedName
	// ObjectMeta and Spec are the pod's, as the user wrote them.
	ObjectMeta *metav1.ObjectMeta
	Spec       *corev1.PodSpec
	// ProxyConfig is what holds for this pod; MeshConfig is the mesh's.
	ProxyConfig *meshconfig.ProxyConfig
	MeshConfig  *meshconfig.MeshConfig
	// Values is the tree of the operator's settings.
	Values map[string]any
	// Revision names the control plane that the pod joins; "default" where there is only one.
	Revision string
	// NativeSidecars puts istio-proxy among the init containers with restartPolicy
	// Always, so that it starts before and stops after the application.
	NativeSidecars bool
	// ProxyImage and ProxyInitImage are the whole image references of istio-proxy
	// and istio-init.
	ProxyImage, ProxyInitImage string
	// ProxyUID and ProxyGID are who the proxy runs as; 0 stands for 1337.
	ProxyUID, ProxyGID int64
	// InboundTrafficPolicyMode is "passthrough" or "localhost".
	InboundTrafficPolicyMode string
	// CompliancePolicy is empty, or names what the proxy's cryptography is held to.
	CompliancePolicy string
}
