package mutate

import (
	"slices"

	"github.com/meshward/meshward/pkg/templates"
)

// lay merges a rendered template into the draft, as a strategic merge patch. One that only
// adds, and nothing that is there already, needs no merging.
func (d *draft) lay(overlay *templates.Overlay) error {
	if !overlay.Plain || d.overlaps(overlay) {
		return d.merge(overlay)
	}
	for _, label := range overlay.Labels {
		d.labels[label.Key] = label.Value
	}
	for _, annotation := range overlay.Annotations {
		d.annotations[annotation.Key] = annotation.Value
	}
	d.initContainers.lay(overlay.InitContainers, nil)
	d.containers.lay(overlay.Containers, nil)
	d.volumes.lay(nil, overlay.Volumes)
	d.pullSecrets.lay(nil, overlay.ImagePullSecrets)
	return nil
}

// overlaps reports whether the draft has any item of the overlay.
func (d *draft) overlaps(overlay *templates.Overlay) bool {
	contains := func(l *list) func(templates.Container) bool {
		return func(c templates.Container) bool { return l.find(c.Name) != nil }
	}
	holds := func(l *list) func(templates.Element) bool {
		return func(e templates.Element) bool { return l.find(e.Name) != nil }
	}
	return slices.ContainsFunc(overlay.InitContainers, contains(d.initContainers)) ||
		slices.ContainsFunc(overlay.Containers, contains(d.containers)) ||
		slices.ContainsFunc(overlay.Volumes, holds(d.volumes)) ||
		slices.ContainsFunc(overlay.ImagePullSecrets, holds(d.pullSecrets))
}

// lay puts new items in front of what is there, where a strategic merge puts them.
func (l *list) lay(containers []templates.Container, elements []templates.Element) {
	added := make([]item, 0, len(containers)+len(elements)+len(l.items))
	for _, c := range containers {
		added = append(added, addedContainer(c))
	}
	for _, e := range elements {
		added = append(added, addedElement(e))
	}
	l.items = append(added, l.items...)
}
