package check

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var deployment = &Check{
	Name:  "deployment",
	Looks: "the server's Deployment: rolled out, and two replicas",
	run:   checkDeployment,
}

// fewest is how many replicas there have to be: one can be lost.
const fewest = 2

func checkDeployment(ctx context.Context, l *look) {
	of := Object{"Deployment", l.Namespace, l.Service}
	d, ok := l.server(ctx)
	if !ok {
		return
	}
	if d == nil {
		if l.calledByURL(ctx) {
			l.note("the webhooks are called by url, and namespace %s has no Deployment of the server", l.Namespace)
			return
		}
		l.error(of, applied, "there is none, and no other whose pods Service %s selects", l.Service)
		return
	}
	of.Name = d.Name
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	pods := fmt.Sprintf("see what its pods wait for: kubectl -n %s describe pods -l %s", d.Namespace, labels.SelectorFromSet(d.Spec.Selector.MatchLabels))
	scale := fmt.Sprintf("kubectl -n %s scale deployment/%s --replicas=%d, and the same in your manifests", d.Namespace, d.Name, fewest)
	switch s := d.Status; {
	case wanted == 0:
		l.error(of, scale, "it is scaled to 0, so nobody answers")
		return
	case s.AvailableReplicas == 0:
		l.error(of, pods, "none of its %d replicas is available", wanted)
	case s.ObservedGeneration < d.Generation || s.UpdatedReplicas < wanted || s.AvailableReplicas < wanted:
		l.warn(of, pods, "it is not rolled out: of %d replicas, %d are up to date and %d available", wanted, s.UpdatedReplicas, s.AvailableReplicas)
	}
	if wanted < fewest {
		l.warn(of, scale, "it has one replica: nobody answers while that one is moved")
	}
}

// server returns the Deployment of the server, nil where there is none: the one of the
// Service's name, or else the one whose pods the Service selects.
func (l *look) server(ctx context.Context) (*appsv1.Deployment, bool) {
	d, err := l.seen.deployment.get(func() (*appsv1.Deployment, error) { return l.readServer(ctx) })
	if err != nil {
		l.unseen("the Deployments of namespace "+l.Namespace, err)
	}
	return d, err == nil
}

func (l *look) readServer(ctx context.Context) (*appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	if err := l.List(ctx, &list, client.InNamespace(l.Namespace)); err != nil {
		return nil, err
	}
	for i := range list.Items {
		if d := &list.Items[i]; d.Name == l.Service {
			return d, nil
		}
	}
	var service corev1.Service
	err := l.Get(ctx, client.ObjectKey{Namespace: l.Namespace, Name: l.Service}, &service)
	if err != nil || len(service.Spec.Selector) == 0 {
		return nil, client.IgnoreNotFound(err)
	}
	for i := range list.Items {
		pods := labels.Set(list.Items[i].Spec.Template.Labels)
		if labels.SelectorFromSet(service.Spec.Selector).Matches(pods) {
			return &list.Items[i], nil
		}
	}
	return nil, nil
}

// calledByURL reports whether none of our webhooks names a Service: then the server may run
// anywhere.
func (l *look) calledByURL(ctx context.Context) bool {
	ours, err := l.seen.configurations.get(func() ([]configuration, error) { return readConfigurations(ctx, l) })
	byURL := false
	for i := range ours {
		if !ours[i].isOurs() {
			continue
		}
		for j := range ours[i].hooks {
			if ours[i].hooks[j].client.Service != nil {
				return false
			}
			byURL = true
		}
	}
	return err == nil && byURL
}

// argument returns the value of a flag that the server is started with, and "" where it is
// not there.
func argument(d *appsv1.Deployment, flag string) string {
	for _, container := range d.Spec.Template.Spec.Containers {
		all := append(append([]string{}, container.Command...), container.Args...)
		for i, arg := range all {
			name, value, set := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			switch {
			case !strings.HasPrefix(arg, "-") || name != flag:
			case set:
				return value
			case i+1 < len(all) && !strings.HasPrefix(all[i+1], "-"):
				return all[i+1]
			default:
				return "true"
			}
		}
	}
	return ""
}
