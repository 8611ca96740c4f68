package feed

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// events stands in for the API server where only Events are stored. It reads nothing else:
// to ask it for another kind panics.
type events struct {
	client.WithWatch
	stored map[string]*corev1.Event
}

func (e *events) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	event := object.(*corev1.Event)
	if e.stored[event.Name] != nil {
		return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "events"}, event.Name)
	}
	e.stored[event.Name] = event.DeepCopy()
	return nil
}

func (e *events) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	e.stored[key.Name].DeepCopyInto(into.(*corev1.Event))
	return nil
}

// An owner is told of without being read, and by all replicas in the same Event.
func TestWarnOwner(t *testing.T) {
	server := &events{stored: map[string]*corev1.Event{}}
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "1"}
	for range 2 {
		replica := newFeed(server, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
		if err := replica.WarnOwner(t.Context(), "shop", owner, "host-network", "no sidecar"); err != nil {
			t.Fatal(err)
		}
	}
	var told []corev1.ObjectReference
	for _, event := range server.stored {
		told = append(told, event.InvolvedObject)
		if event.Namespace != "shop" || event.Reason != "host-network" || event.Message != "no sidecar" || event.Count != 1 {
			t.Errorf("told %+v", event)
		}
	}
	want := []corev1.ObjectReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Namespace: "shop", Name: "web", UID: "1"}}
	if !slices.Equal(told, want) {
		t.Errorf("told of %+v, want %+v", told, want)
	}
}
