package judge

import (
	"slices"
	"strings"

	"istio.io/api/annotation"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// opened is a world in which no host is kept from anyone that a route to it could bring it
// to: not by a Sidecar [2.8], and not from the namespace that declares it [2.2].
func opened(w *world.World) *world.World { return shownAtHome(withoutSidecars(w)) }

// withoutSidecars is a world whose proxies are given all that is exported to them.
func withoutSidecars(w *world.World) *world.World {
	return &world.World{Objects: slices.DeleteFunc(slices.Clone(w.Objects), func(o world.Object) bool {
		_, sidecar := o.(*networkingv1.Sidecar)
		return sidecar
	})}
}

// shownAtHome is a world in which every host is given to its own namespace.
func shownAtHome(w *world.World) *world.World {
	for _, o := range w.Objects {
		if sees(o.GetNamespace(), o) {
			continue
		}
		switch o := world.Clone(o).(type) {
		case *corev1.Service:
			to := o.Annotations[annotation.NetworkingExportTo.Name]
			o.Annotations[annotation.NetworkingExportTo.Name] = strings.ReplaceAll(to, "~", ".") + ",."
			w = w.With(o)
		case *networkingv1.ServiceEntry:
			o.Spec.ExportTo = append(slices.DeleteFunc(o.Spec.GetExportTo(), func(name string) bool { return name == "~" }), ".")
			w = w.With(o)
		}
	}
	return w
}
