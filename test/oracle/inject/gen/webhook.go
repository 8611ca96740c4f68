package gen

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1beta1"
	typebeta1 "istio.io/api/type/v1beta1"
	networkingv1beta1 "istio.io/client-go/pkg/apis/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func urlPath(d *draft) {
	d.path = pick(d,
		"/inject/", "/inject/cluster/west", "/inject/cluster/west/net/net9", "/inject/net/a--slash--b/", "/inject/custom/value/OTHER/x",
		"/inject/cluster", "/inject/cluster/", "/inject/:ENV:cluster=west:ENV:net=n", "/inject/:ENV:A=b:ENV:=c:ENV:D", "/inject/PROXY_CONFIG/x",
		"/inject/cluster/west/cluster/north/net/", "/inject/cluster/a%20b/net/n%2Fm",
	)
}

// proxyConfigs puts ProxyConfigs into the mesh.
func proxyConfigs(d *draft) {
	namespace := d.namespace
	if namespace == "" {
		namespace = "default"
	}
	for i := range d.between(1, 4) {
		pc := &networkingv1beta1.ProxyConfig{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("pc-%d", i), Namespace: pick(d, namespace, namespace, "istio-system", "elsewhere", "istio-config"),
			CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 2, 3, 4, d.IntN(2), 0, time.UTC)),
		}}
		if d.oneIn(2) {
			pc.Spec.Selector = &typebeta1.WorkloadSelector{MatchLabels: pick(d, map[string]string{"app": "web"}, map[string]string{"app": "other"}, map[string]string{}, nil)}
		}
		if d.oneIn(2) {
			pc.Spec.Concurrency = wrapperspb.Int32(int32(d.between(0, 4)))
		}
		if d.oneIn(2) {
			pc.Spec.EnvironmentVariables = map[string]string{pick(d, "FROM_RESOURCE", "PROXY_METADATA", "ISTIO_META_ENABLE_HBONE"): pick(d, "1", "true", fmt.Sprint(i))}
		}
		if d.oneIn(3) {
			pc.Spec.Image = &networking.ProxyImage{ImageType: pick(d, "debug", "distroless", "default", "")}
		}
		d.proxyConfigs = append(d.proxyConfigs, pc)
	}
}
