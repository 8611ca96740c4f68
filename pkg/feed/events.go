package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// sameEvent is for how long an Event is not told again. Every replica tells the
// same, each at its own moment.
const sameEvent = 10 * time.Minute

// Warn writes an Event of an object. All replicas write the same Event: its name
// follows from object and reason, so the API server lets one of them create it,
// and the others find it there. Told again later, the Event is counted up. An
// object that is gone, or going with its namespace, needs no Event.
func (f *Feed) Warn(ctx context.Context, object mesh.Ref, reason, message string) error {
	from, known := sourceOf(object.Kind)
	if !known {
		return fmt.Errorf("kind %q is not read from the cluster", object.Kind)
	}
	// The UID is what kubectl describe looks Events up by.
	about := &metav1.PartialObjectMetadata{}
	about.SetGroupVersionKind(from.api)
	err := f.client.Get(ctx, client.ObjectKey{Namespace: object.Namespace, Name: object.Name}, about)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.tell(ctx, newEvent(about, reason, message))
}

// WarnOwner writes an Event of what owns an object, as Warn does of what is read from the
// cluster. All that has to be known of an owner stands in the object that it owns, so that
// it need not be read, nor a right be had to that.
func (f *Feed) WarnOwner(ctx context.Context, namespace string, owner metav1.OwnerReference, reason, message string) error {
	about := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: owner.Name, UID: owner.UID}}
	about.SetGroupVersionKind(schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind))
	return f.tell(ctx, newEvent(about, reason, message))
}

func (f *Feed) tell(ctx context.Context, event *corev1.Event) error {
	switch err := f.client.Create(ctx, event); {
	case apierrors.IsAlreadyExists(err):
		return f.tellAgain(ctx, event)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil
	default:
		return err
	}
}

// tellAgain counts an Event up, unless another replica has just told it. Of two
// replicas that do so at once the API server refuses one, which is as good.
func (f *Feed) tellAgain(ctx context.Context, event *corev1.Event) error {
	stored := &corev1.Event{}
	if err := f.client.Get(ctx, client.ObjectKeyFromObject(event), stored); err != nil {
		return client.IgnoreNotFound(err)
	}
	if stored.Message == event.Message && event.LastTimestamp.Sub(stored.LastTimestamp.Time) < sameEvent {
		return nil
	}
	stored.Count++
	stored.Message, stored.LastTimestamp = event.Message, event.LastTimestamp
	if err := f.client.Update(ctx, stored); err != nil && !apierrors.IsConflict(err) {
		return client.IgnoreNotFound(err)
	}
	return nil
}

func newEvent(about *metav1.PartialObjectMetadata, reason, message string) *corev1.Event {
	now := metav1.Now()
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: about.Namespace, Name: eventName(about, reason)},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: about.APIVersion,
			Kind:       about.Kind,
			Namespace:  about.Namespace,
			Name:       about.Name,
			UID:        about.UID,
		},
		Type:           corev1.EventTypeWarning,
		Reason:         reason,
		Message:        message,
		Source:         corev1.EventSource{Component: "meshward"},
		FirstTimestamp: now,
		LastTimestamp:  now,
		Count:          1,
	}
}

// eventName is the same in every replica, and another one for an object that was
// created anew.
func eventName(about *metav1.PartialObjectMetadata, reason string) string {
	const longest = 200 // of the 253 characters that a name may have
	sum := sha256.Sum256([]byte(string(about.UID) + "/" + reason))
	name := about.Name[:min(len(about.Name), longest)]
	return strings.TrimRight(name, ".-") + "." + hex.EncodeToString(sum[:8])
}
