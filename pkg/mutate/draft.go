package mutate

import (
	"encoding/json"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/templates"
)

// A draft is a pod while it is being injected: what its creator wrote, and what has been
// laid over it so far.
type draft struct {
	raw []byte
	pod *corev1.Pod // as its creator wrote it

	labels, annotations        map[string]string // of their own: they may be changed
	initContainers, containers *list
	volumes, pullSecrets       *list
	// tree is the pod after the last merge of what does not only add; nil where there was
	// none. The other fields of metadata and spec are as they are here.
	tree map[string]any
}

func newDraft(raw []byte, pod *corev1.Pod) *draft {
	spec := &pod.Spec
	d := &draft{raw: raw, pod: pod, labels: owned(pod.Labels), annotations: owned(pod.Annotations)}
	d.list(spec)
	for i := range spec.InitContainers {
		d.initContainers.own(spec.InitContainers[i].Name, &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		d.containers.own(spec.Containers[i].Name, &spec.Containers[i])
	}
	for i := range spec.Volumes {
		d.volumes.own(spec.Volumes[i].Name, nil)
	}
	for i := range spec.ImagePullSecrets {
		d.pullSecrets.own(spec.ImagePullSecrets[i].Name, nil)
	}
	return d
}

// list makes the lists, with room for what a pod has in them.
func (d *draft) list(spec *corev1.PodSpec) {
	lists := &[...]list{
		newList("initContainers", spec.InitContainers != nil, len(spec.InitContainers)),
		newList("containers", spec.Containers != nil, len(spec.Containers)),
		newList("volumes", spec.Volumes != nil, len(spec.Volumes)),
		newList("imagePullSecrets", spec.ImagePullSecrets != nil, len(spec.ImagePullSecrets)),
	}
	d.initContainers, d.containers, d.volumes, d.pullSecrets = &lists[0], &lists[1], &lists[2], &lists[3]
}

// owned is a copy with room for what injection adds.
func owned(members map[string]string) map[string]string {
	const added = 10
	copied := make(map[string]string, len(members)+added)
	maps.Copy(copied, members)
	return copied
}

// proxy returns istio-proxy, whichever list it is in, and nil where there is none.
func (d *draft) proxy() *item {
	if found := d.containers.find(proxyContainer); found != nil {
		return found
	}
	return d.initContainers.find(proxyContainer)
}

// all calls with each container, init containers first.
func (d *draft) all(look func(*item)) {
	for _, l := range []*list{d.initContainers, d.containers} {
		for i := range l.items {
			look(&l.items[i])
		}
	}
}

// A list is one of the pod's lists, whose items go by their names.
type list struct {
	field   string
	present bool // the pod has the list, be it empty
	was     int  // how many items it has there
	items   []item
}

func newList(field string, present bool, size int) list {
	return list{field: field, present: present, was: size, items: make([]item, 0, size)}
}

// own takes in the next item of the pod's own.
func (l *list) own(name string, container *corev1.Container) {
	l.items = append(l.items, item{name: name, from: len(l.items), container: container})
}

func (l *list) find(name string) *item {
	i := slices.IndexFunc(l.items, func(it item) bool { return it.name == name })
	if i < 0 {
		return nil
	}
	return &l.items[i]
}

// names is nil where there are no items.
func (l *list) names() []string {
	if len(l.items) == 0 {
		return nil
	}
	names := make([]string, len(l.items))
	for i := range l.items {
		names[i] = l.items[i].name
	}
	return names
}

// take removes the item of a name and returns it.
func (l *list) take(name string) (item, bool) {
	i := slices.IndexFunc(l.items, func(it item) bool { return it.name == name })
	if i < 0 {
		return item{}, false
	}
	taken := l.items[i]
	l.items = slices.Delete(l.items, i, i+1)
	return taken, true
}

// first and last move the item of a name, if there is one, to an end of the list.
func (l *list) first(name string) {
	if taken, found := l.take(name); found {
		l.items = slices.Insert(l.items, 0, taken)
	}
}

func (l *list) last(name string) {
	if taken, found := l.take(name); found {
		l.items = append(l.items, taken)
	}
}

// An item is one container, volume or pull secret of a draft.
type item struct {
	name string
	// from is its place in the list of the pod as it was written, -1 for one that is not
	// there.
	from int
	// value is what it is, apart from the edits; nil for one that the creator wrote and
	// no template touched.
	value json.RawMessage
	// container is what a container says by now. It is shared: copy before you write.
	container *corev1.Container
	// added is true for a container that a template alone has written.
	added bool
	// edits lead from the value, or from what the creator wrote, to what it is by now.
	edits []Operation
}

func addedContainer(c templates.Container) item {
	return item{name: c.Name, from: -1, value: c.JSON, container: c.Spec, added: true}
}

func addedElement(e templates.Element) item {
	return item{name: e.Name, from: -1, value: e.JSON, added: true}
}

// edit changes what a container says, and records how.
func (it *item) edit(change func(*corev1.Container), how ...Operation) {
	changed := *it.container
	change(&changed)
	it.container = &changed
	it.edits = append(it.edits, how...)
}

// addEnv appends environment variables.
func (it *item) addEnv(added ...corev1.EnvVar) {
	for _, variable := range added {
		operation := add("/env/-", encoded(variable))
		if len(it.container.Env) == 0 {
			operation = add("/env", encoded([]corev1.EnvVar{variable}))
		}
		it.edit(func(c *corev1.Container) { c.Env = append(slices.Clip(c.Env), variable) }, operation)
	}
}

// encoded is the JSON of a type of the Kubernetes API, which always has one.
func encoded(value any) json.RawMessage {
	result, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return result
}
