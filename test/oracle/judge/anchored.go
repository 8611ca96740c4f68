package judge

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// anchored is a world that has an HTTP service on port 80 besides. A sidecar has a
// listener for names that are no service only where it is given such a service, of
// whatever name [4.3]: to look for one is to look through the whole mesh.
func anchored(w *world.World) *world.World {
	return w.With(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: world.Root, Name: "anchor"},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.20.30.40",
			Ports:     []corev1.ServicePort{{Name: "http", Port: 80}},
		},
	})
}

// eitherWay are the facts about a world as it is, and unsettled those that would be added
// with an HTTP service on port 80.
func eitherWay(w *world.World, facts func(*world.World) []Fact) []Fact {
	return append(facts(w), unsettled(facts(anchored(w)))...)
}

func unsettled(facts []Fact) []Fact {
	for i := range facts {
		facts[i].Unsettled = true
	}
	return facts
}
