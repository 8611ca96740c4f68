package mutate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// autoImage is what people write who customise a container of the template, where
// Kubernetes demands an image and they mean that of the template.
const autoImage = "auto"

// overrides are the containers of the pod that customise those of the template: by name,
// and what they say wins. The pod keeps them in an annotation.
type overrides struct {
	Containers     []corev1.Container `json:"containers,omitempty"`
	InitContainers []corev1.Container `json:"initContainers,omitempty"`
}

// keptOverrides reads the annotation of a pod.
func keptOverrides(pod *corev1.Pod) (overrides, error) {
	var kept overrides
	text, found := pod.Annotations[overridesAnnotation]
	if !found {
		return kept, nil
	}
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return kept, fmt.Errorf("annotation %s cannot be read: %w; an injector writes it, so remove it", overridesAnnotation, err)
	}
	return kept, nil
}

// shownTo returns the pod's spec with the containers that it keeps in the annotation, as
// the template is to see it.
func (o *overrides) shownTo(spec *corev1.PodSpec) *corev1.PodSpec {
	if len(o.Containers) == 0 && len(o.InitContainers) == 0 {
		return spec
	}
	shown := *spec
	shown.Containers = withOthers(spec.Containers, o.Containers)
	shown.InitContainers = withOthers(spec.InitContainers, o.InitContainers)
	return &shown
}

func withOthers(own, kept []corev1.Container) []corev1.Container {
	all := slices.Clone(own)
	for i := range kept {
		if named(all, kept[i].Name) == nil {
			all = append(all, kept[i])
		}
	}
	return all
}

// named returns the container of a name, or nil.
func named(containers []corev1.Container, name string) *corev1.Container {
	for i := range containers {
		if containers[i].Name == name {
			return &containers[i]
		}
	}
	return nil
}

// override lays the pod's own containers over those of the template that have their names,
// and writes down which they are.
func (d *draft) override(with overrides, by *rendered) error {
	spec := &d.pod.Spec
	containers, err := d.overrideIn(d.containers, by.containers, with.Containers, spec.Containers)
	if err != nil {
		return err
	}
	inits, err := d.overrideIn(d.initContainers, by.initContainers, with.InitContainers, slices.Concat(spec.Containers, spec.InitContainers))
	if err != nil {
		return err
	}
	if len(containers) > 0 || len(inits) > 0 {
		d.annotations[overridesAnnotation] = string(encoded(overrides{Containers: containers, InitContainers: inits}))
	}
	return nil
}

// overrideIn is override for one list: what is kept in the annotation comes before what the
// pod says. It returns the containers that were laid over those of the template.
func (d *draft) overrideIn(l, of *list, kept, own []corev1.Container) ([]corev1.Container, error) {
	var applied []corev1.Container
	for _, name := range of.names() {
		over := named(kept, name)
		if over == nil {
			over = named(own, name)
		}
		if over == nil {
			continue
		}
		over = withoutAutoImage(over)
		applied = append(applied, *over)
		if err := l.mergeContainer(over, d.writtenAt); err != nil {
			return nil, err
		}
	}
	return applied, nil
}

func withoutAutoImage(own *corev1.Container) *corev1.Container {
	over := own.DeepCopy()
	if over.Image == autoImage {
		over.Image = ""
	}
	return over
}

// runAsProxy makes those who redirect traffic to the proxy leave that of the user alone
// that the pod's own istio-proxy runs as. With TPROXY that is root, whatever the pod says.
func (d *draft) runAsProxy(tproxy bool) {
	user, group := d.ownProxyUser()
	proxy, redirects := d.proxy(), d.redirecting()
	if redirects == nil || proxy == nil {
		return
	}
	switch {
	case tproxy && user != nil:
		proxy.runAs(new(int64), nil)
	case !tproxy && redirects.name == validationContainer && (user != nil || group != nil):
		redirects.runAs(user, group)
	}
	if user != nil && *user != 0 {
		redirects.sparing(*user)
	}
}

// ownProxyUser returns the user and the group that the pod's own istio-proxy says, nil for
// what it does not.
func (d *draft) ownProxyUser() (user, group *int64) {
	own := named(slices.Concat(d.pod.Spec.Containers, d.pod.Spec.InitContainers), proxyContainer)
	if own == nil || own.SecurityContext == nil {
		return nil, nil
	}
	return own.SecurityContext.RunAsUser, own.SecurityContext.RunAsGroup
}

// redirecting returns the init container that redirects traffic to the proxy, or that looks
// whether the CNI plugin has, and nil for none.
func (d *draft) redirecting() *item {
	if found := d.initContainers.find(initContainer); found != nil {
		return found
	}
	return d.initContainers.find(validationContainer)
}

// runAs sets the user and the group of a container, as far as they are given.
func (it *item) runAs(user, group *int64) {
	var context corev1.SecurityContext
	if it.container.SecurityContext != nil {
		context = *it.container.SecurityContext
	} else {
		it.edit(func(*corev1.Container) {}, add("/securityContext", json.RawMessage(`{}`)))
	}
	var how []Operation
	if user != nil {
		context.RunAsUser = user
		how = append(how, add("/securityContext/runAsUser", strconv.AppendInt(nil, *user, 10)))
	}
	if group != nil {
		context.RunAsGroup = group
		how = append(how, add("/securityContext/runAsGroup", strconv.AppendInt(nil, *group, 10)))
	}
	it.edit(func(c *corev1.Container) { c.SecurityContext = &context }, how...)
}

// sparing sets the user whose traffic iptables leaves alone, where the arguments name one.
func (it *item) sparing(user int64) {
	args := it.container.Args
	at := slices.Index(args, "-u") + 1
	if at == 0 || at == len(args) {
		return
	}
	changed := slices.Clone(args)
	changed[at] = strconv.FormatInt(user, 10)
	it.edit(func(c *corev1.Container) { c.Args = changed }, replace("/args/"+strconv.Itoa(at), appendString(nil, changed[at])))
}
