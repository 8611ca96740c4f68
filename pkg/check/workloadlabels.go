package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var workloadLabels = &Check{
	Name:  "workload-labels",
	Looks: "the labels of Deployments', StatefulSets' and DaemonSets' pods: that they ask for what somebody means",
	run:   checkWorkloadLabels,
}

// aPage is how many workloads are read at once.
const aPage = 500

func checkWorkloadLabels(ctx context.Context, l *look) {
	all, ok := l.configurations(ctx)
	if !ok {
		return
	}
	namespaces, ok := l.namespaces(ctx)
	if !ok {
		return
	}
	by := map[string]*corev1.Namespace{}
	for i := range namespaces {
		by[namespaces[i].Name] = &namespaces[i]
	}
	known := revisions(all)
	l.workloads(ctx, func(of Object, pod *corev1.PodTemplateSpec) {
		l.template(of, pod, by[of.Namespace], known)
	})
}

// workloads calls see with each workload, page by page.
func (l *look) workloads(ctx context.Context, see func(Object, *corev1.PodTemplateSpec)) {
	for kind, page := range pages() {
		for more := true; more; more = page.list.GetContinue() != "" {
			if err := l.List(ctx, page.list, client.Limit(aPage), client.Continue(page.list.GetContinue())); err != nil {
				l.unseen("the "+kind+"s", err)
				break
			}
			page.each(see)
		}
	}
}

func (l *look) template(of Object, pod *corev1.PodTemplateSpec, namespace *corev1.Namespace, known []string) {
	if namespace == nil {
		return // it came a moment ago
	}
	inject, labelled := pod.Labels[injectLabel]
	if labelled && inject != "true" && inject != "false" {
		meant := "true"
		if slices.Contains(no, strings.ToLower(inject)) {
			meant = "false"
		}
		l.error(of, setLabel(of, injectLabel, meant), "the label %s=%s of its pods is neither true nor false, so it counts for nothing", injectLabel, inject)
	}
	_, asks := namespace.Labels[injectionLabel]
	_, names := namespace.Labels[revisionLabel]
	if !asks && !names { // else what a pod says besides does not count
		l.asking(of, pod, known)
	}
}

// asking looks at the pods of a workload that have to ask themselves.
func (l *look) asking(of Object, pod *corev1.PodTemplateSpec, known []string) {
	inject, labelled := pod.Labels[injectLabel]
	if revision, ok := pod.Labels[revisionLabel]; ok && inject != "false" && !slices.Contains(known, revision) {
		l.error(of, setLabel(of, revisionLabel, another(known)), "the label %s=%s of its pods is no revision or tag of any injector; there are: %s", revisionLabel, revision, list(known))
	}
	if pod.Annotations[injectLabel] == "true" && !labelled {
		l.warn(of, setLabel(of, injectLabel, "true"), "its pods ask for a sidecar by the annotation %s, which nobody reads here: it has to be a label", injectLabel)
	}
}

// setLabel is the command that labels a workload's pods.
func setLabel(of Object, key, value string) string {
	return fmt.Sprintf(`kubectl -n %s patch %s %s --type=merge -p '{"spec":{"template":{"metadata":{"labels":{%q:%q}}}}}'`, of.Namespace, strings.ToLower(of.Kind), of.Name, key, value)
}

// page is a list of one kind of workload.
type page struct {
	list client.ObjectList
	each func(see func(Object, *corev1.PodTemplateSpec))
}

// pages yields the kinds in their order.
func pages() func(yield func(string, page) bool) {
	return func(yield func(string, page) bool) {
		var deployments appsv1.DeploymentList
		var sets appsv1.StatefulSetList
		var daemons appsv1.DaemonSetList
		_ = yield("Deployment", page{&deployments, func(see func(Object, *corev1.PodTemplateSpec)) {
			for i := range deployments.Items {
				w := &deployments.Items[i]
				see(Object{"Deployment", w.Namespace, w.Name}, &w.Spec.Template)
			}
		}}) && yield("StatefulSet", page{&sets, func(see func(Object, *corev1.PodTemplateSpec)) {
			for i := range sets.Items {
				w := &sets.Items[i]
				see(Object{"StatefulSet", w.Namespace, w.Name}, &w.Spec.Template)
			}
		}}) && yield("DaemonSet", page{&daemons, func(see func(Object, *corev1.PodTemplateSpec)) {
			for i := range daemons.Items {
				w := &daemons.Items[i]
				see(Object{"DaemonSet", w.Namespace, w.Name}, &w.Spec.Template)
			}
		}})
	}
}
