package mutate

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/meshward/meshward/pkg/templates"
)

// place finds each piece of the overlay its place in the pod.
//
// A native proxy, and what comes with it, goes in front of the user's init
// containers, which then have the mesh at hand. A classic proxy starts only
// after them, so what redirects traffic to it goes last among them, or they
// would have no network.
func place(raw []byte, pod *corev1.Pod, overlay *templates.Overlay, revision string) (Patch, error) {
	if err := checkContainers(pod, overlay); err != nil {
		return nil, err
	}
	volumes, err := newVolumes(pod.Spec.Volumes, overlay.Volumes)
	if err != nil {
		return nil, err
	}
	secrets := newSecrets(pod.Spec.ImagePullSecrets, overlay.ImagePullSecrets)
	annotations := append(slices.Clip(overlay.Annotations), status(overlay, revision))
	initPosition := back
	if slices.ContainsFunc(overlay.InitContainers, named(proxyContainer)) {
		initPosition = front
	}

	patch := make(Patch, 0, 32) // more than the embedded template needs
	if lacksMetadata(raw, pod) {
		patch = append(patch, Operation{"/metadata", json.RawMessage(`{}`)})
	}
	return patch.
		members("/metadata/labels", pod.Labels, overlay.Labels).
		members("/metadata/annotations", pod.Annotations, annotations, revisionAnnotation, statusAnnotation).
		items("/spec/initContainers", pod.Spec.InitContainers != nil, initPosition, overlay.InitContainers).
		items("/spec/containers", pod.Spec.Containers != nil, back, overlay.Containers).
		items("/spec/volumes", pod.Spec.Volumes != nil, back, volumes).
		items("/spec/imagePullSecrets", pod.Spec.ImagePullSecrets != nil, back, secrets), nil
}

// checkContainers refuses a name that the user's containers have already, since
// one pod cannot hold two containers of one name, in whichever list.
func checkContainers(pod *corev1.Pod, overlay *templates.Overlay) error {
	for _, list := range []struct {
		field      string
		containers []corev1.Container
	}{
		{"spec.initContainers", pod.Spec.InitContainers},
		{"spec.containers", pod.Spec.Containers},
	} {
		for i := range list.containers {
			is := named(list.containers[i].Name)
			if slices.ContainsFunc(overlay.InitContainers, is) || slices.ContainsFunc(overlay.Containers, is) {
				return fmt.Errorf("%s[%d] is named %q, as a container of the sidecar is; give yours another name", list.field, i, list.containers[i].Name)
			}
		}
	}
	return nil
}

// newVolumes returns the volumes that the pod lacks. One that the user wrote
// exactly as the sidecar needs it serves both.
func newVolumes(present []corev1.Volume, added []templates.Element) ([]templates.Element, error) {
	result := make([]templates.Element, 0, len(added))
	for _, element := range added {
		i := slices.IndexFunc(present, func(v corev1.Volume) bool { return v.Name == element.Name })
		if i < 0 {
			result = append(result, element)
			continue
		}
		var needed corev1.Volume
		if err := json.Unmarshal(element.JSON, &needed); err != nil {
			return nil, fmt.Errorf("cannot read volume %q of the template: %w", element.Name, err)
		}
		if !equality.Semantic.DeepEqual(present[i], needed) {
			return nil, fmt.Errorf("spec.volumes[%d] is named %q, as a volume of the sidecar is, but differs from it; give yours another name", i, element.Name)
		}
	}
	return result, nil
}

// newSecrets returns the pull secrets that the pod lacks; a secret is its name.
func newSecrets(present []corev1.LocalObjectReference, added []templates.Element) []templates.Element {
	var result []templates.Element
	for _, element := range added {
		if !slices.Contains(present, corev1.LocalObjectReference{Name: element.Name}) {
			result = append(result, element)
		}
	}
	return result
}

func named(name string) func(templates.Element) bool {
	return func(e templates.Element) bool { return e.Name == name }
}
