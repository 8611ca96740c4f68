package check

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var serviceEndpoints = &Check{
	Name:  "service",
	Looks: "the Services that the webhooks call: there, with the port, with ready endpoints",
	run:   checkService,
}

// called is a Service that webhooks call, by a port.
type called struct {
	Object
	port int32
}

func checkService(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	var services []called
	for i := range ours {
		for j := range ours[i].hooks {
			h := &ours[i].hooks[j]
			if s := h.client.Service; s != nil {
				services = append(services, called{Object{"Service", s.Namespace, s.Name}, h.port()})
			}
		}
	}
	if len(services) == 0 {
		services = append(services, called{Object{"Service", l.Namespace, l.Service}, 0})
	}
	slices.SortFunc(services, func(a, b called) int {
		return slices.Compare([]string{a.Namespace, a.Name, fmt.Sprint(a.port)}, []string{b.Namespace, b.Name, fmt.Sprint(b.port)})
	})
	for _, service := range slices.Compact(services) {
		l.service(ctx, service)
	}
}

func (l *look) service(ctx context.Context, of called) {
	var service corev1.Service
	there, ok := l.get(ctx, of.Object, &service)
	switch {
	case !ok:
		return
	case !there && of.port == 0:
		l.note("the webhooks are called by url, and there is no %s", of.Object)
		return
	case !there:
		l.error(of.Object, applied, "it does not exist, and webhooks call it")
		return
	}
	offers := slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == of.port })
	if of.port != 0 && !offers {
		l.error(of.Object, applied, "it has no port %d, which webhooks call", of.port)
	}
	l.endpoints(ctx, of.Object, service.Spec.Selector)
}

func (l *look) endpoints(ctx context.Context, of Object, selector labels.Set) {
	var list discoveryv1.EndpointSliceList
	err := l.List(ctx, &list, client.InNamespace(of.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: of.Name})
	if err != nil {
		l.unseen("the EndpointSlices of "+of.String(), err)
		return
	}
	all, ready := 0, 0
	for i := range list.Items {
		for _, endpoint := range list.Items[i].Endpoints {
			all++
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				ready++
			}
		}
	}
	switch {
	case ready > 0:
	case all > 0:
		l.error(of, fmt.Sprintf("ask the pods why: kubectl -n %s logs -l %s --tail=20", of.Namespace, selector),
			"none of its %d endpoints is ready, so nobody answers", all)
	case len(selector) > 0:
		l.error(of, fmt.Sprintf("compare: kubectl -n %s get pods --show-labels; then %s", of.Namespace, applied),
			"its selector %s selects no pod, so nobody answers", selector)
	default:
		l.error(of, applied, "it has neither a selector nor endpoints, so nobody answers")
	}
}
