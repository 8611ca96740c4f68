package main

import (
	"log/slog"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/pkg/admit"
	"github.com/meshward/meshward/pkg/feed"
	"github.com/meshward/meshward/pkg/injection"
)

// reviewerOfPods makes what answers for pods. Its Events are written while m runs; where
// they cannot be, pods are reviewed all the same.
func reviewerOfPods(m manager.Manager, injector *injection.Keeper, stored *feed.Feed, log *slog.Logger) *admit.Pods {
	pods := &admit.Pods{Injector: injector.Injector, Namespace: func(name string) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{Name: name, Labels: stored.NamespaceLabels(name), Annotations: injector.NamespaceAnnotations(name)}
	}}
	events := admit.NewEvents(stored, metrics.Registry, log)
	if err := m.Add(events); err != nil {
		log.Error("no Events tell of pods without a sidecar", "error", err)
		return pods
	}
	pods.Events = events
	return pods
}
