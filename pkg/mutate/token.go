package mutate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Before any webhook, the API server gives a pod a volume with the token of its account,
// under a name that ends in five characters of chance, and mounts it in every container.
// After the webhooks it does so for the containers that they added, and then, as the pod is
// another one by that, asks all of them again.
const (
	tokenVolumePrefix = "kube-api-access-"
	tokenVolumeChance = 5
	tokenMountPath    = "/var/run/secrets/kubernetes.io/serviceaccount"
)

// tokenVolume is the name of the volume that the API server gave a pod; "" where it gave
// none.
func tokenVolume(pod *corev1.Pod) string {
	for i := range pod.Spec.Volumes {
		name := pod.Spec.Volumes[i].Name
		if len(name) == len(tokenVolumePrefix)+tokenVolumeChance && strings.HasPrefix(name, tokenVolumePrefix) {
			return name
		}
	}
	return ""
}

// mountToken mounts the token in what was added, as the API server would: it then has nothing
// more to change, and asks once.
func (d *draft) mountToken() {
	volume := tokenVolume(d.pod)
	if volume == "" || !mountsToken(d.pod, volume) || d.volumes.find(volume) == nil { // a template may have taken it away
		return
	}
	mount := corev1.VolumeMount{Name: volume, ReadOnly: true, MountPath: tokenMountPath}
	text := encoded(mount)
	d.all(func(it *item) {
		if atTokenPath(it.container) < 0 {
			it.mount(mount, text)
		}
	})
}

// mount appends a mount. To what a template alone has written it is added in the text, which
// is what the patch has: to encode all of a container takes ten times as long.
func (it *item) mount(mount corev1.VolumeMount, text json.RawMessage) {
	if whole := it.withMount(text); whole != nil {
		it.value = whole
		return
	}
	mounts := slices.Clip(it.container.VolumeMounts)
	how := add("/volumeMounts/-", text)
	if len(mounts) == 0 {
		how = add("/volumeMounts", slices.Concat([]byte("["), text, []byte("]")))
	}
	it.edit(func(c *corev1.Container) { c.VolumeMounts = append(mounts, mount) }, how)
}

// withMount is what a template alone has written with one more mount, and nil for what it has
// not, or not alone.
func (it *item) withMount(text json.RawMessage) json.RawMessage {
	const key = `"volumeMounts":` // no text holds it: a quote there has a backslash
	if !it.added || len(it.edits) > 0 {
		return nil
	}
	before, after, found := bytes.Cut(it.value, []byte(key))
	switch {
	case !found:
		return slices.Concat([]byte("{"+key+"["), text, []byte("],"), it.value[1:])
	case len(it.container.VolumeMounts) == 0 || bytes.Contains(after, []byte(key)): // it is no list, or not of the container
		return nil
	}
	end := len(before) + len(key) + 1 + closing(after[1:])
	return slices.Concat(it.value[:end], []byte(","), text, it.value[end:])
}

// mountsToken reports whether any container has the volume where the API server mounts it: a
// pod that came with a volume of such a name need not be one whose account's token is mounted.
func mountsToken(pod *corev1.Pod, volume string) bool {
	does := func(c corev1.Container) bool {
		at := atTokenPath(&c)
		return at >= 0 && c.VolumeMounts[at].Name == volume
	}
	return slices.ContainsFunc(pod.Spec.Containers, does) || slices.ContainsFunc(pod.Spec.InitContainers, does)
}

func atTokenPath(c *corev1.Container) int {
	return slices.IndexFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenMountPath })
}
