package gen

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshward/meshward/test/oracle/world"
)

// Baseline is the last object of every world: a Service with HTTP on port 80 that everyone
// sees, as every real mesh has. Without any, sidecars have no table for port 80, and what
// is served there would be served nowhere. It is shared, so nobody may change it.
var Baseline = &corev1.Service{
	ObjectMeta: metav1.ObjectMeta{Name: "dashboard", Namespace: world.Root},
	Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(80)}}},
}
