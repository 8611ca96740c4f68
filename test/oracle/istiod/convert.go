package istiod

import (
	"fmt"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/kube"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/schema/gvk"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

const domain = constants.DefaultClusterLocalDomain

// convert hands a world over as istiod's own readers of the cluster would.
func convert(w *world.World) (configs []config.Config, services []*model.Service) {
	for i, o := range w.Objects {
		switch object := world.Clone(o).(type) {
		case *corev1.Service:
			if object.Spec.ClusterIP == "" && object.Spec.Type != corev1.ServiceTypeExternalName {
				object.Spec.ClusterIP = fmt.Sprintf("10.96.%d.%d", i/250, i%250+1) // as the API server does
			}
			services = append(services, kube.ConvertService(*object, nil, domain, constants.DefaultClusterName, domain))
		case *networkingv1.VirtualService:
			name(object)
			configs = append(configs, configOf(object, gvk.VirtualService, &object.Spec))
		case *networkingv1.DestinationRule:
			configs = append(configs, configOf(object, gvk.DestinationRule, &object.Spec))
		case *networkingv1.Gateway:
			nameServers(object)
			configs = append(configs, configOf(object, gvk.Gateway, &object.Spec))
		case *networkingv1.ServiceEntry:
			configs = append(configs, configOf(object, gvk.ServiceEntry, &object.Spec))
		case *networkingv1.Sidecar:
			configs = append(configs, configOf(object, gvk.Sidecar, &object.Spec))
		}
	}
	return configs, services
}

// configOf is an object as istiod holds it. Without the domain and an age, short names
// and the order of objects come out wrong.
func configOf(o world.Object, kind config.GroupVersionKind, spec config.Spec) config.Config {
	return config.Config{
		Meta: config.Meta{
			GroupVersionKind:  kind,
			Name:              o.GetName(),
			Namespace:         o.GetNamespace(),
			Labels:            o.GetLabels(),
			Annotations:       o.GetAnnotations(),
			Domain:            domain,
			CreationTimestamp: o.GetCreationTimestamp().Time,
		},
		Spec: spec,
	}
}
