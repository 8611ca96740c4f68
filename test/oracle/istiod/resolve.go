package istiod

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/schema/gvk"
)

// Resolved is what a VirtualService says once istiod has completed the hosts and the
// Gateways that it names [1.1, 4.1].
func Resolved(vs *networkingv1.VirtualService) *networking.VirtualService {
	return model.ResolveVirtualServiceShortnames(configOf(vs, gvk.VirtualService, &vs.Spec)).Spec.(*networking.VirtualService)
}
