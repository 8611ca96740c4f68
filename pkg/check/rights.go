package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
)

var rights = &Check{
	Name:  "rights",
	Looks: "the rights of the server's ServiceAccount: all that its flags need",
	run:   checkRights,
}

// A right is what the server has to be allowed.
type right struct {
	group, resource string
	namespace, name string // "" for all
	verbs           []string
	without         string // what becomes of the server without it
}

func checkRights(ctx context.Context, l *look) {
	d, ok := l.server(ctx)
	if !ok {
		return
	}
	if d == nil {
		l.note("there is no Deployment of the server, and so no ServiceAccount of it")
		return
	}
	account := cmp.Or(d.Spec.Template.Spec.ServiceAccountName, "default")
	of := Object{"ServiceAccount", d.Namespace, account}
	user := "system:serviceaccount:" + d.Namespace + ":" + account
	lacking, err := l.lacking(ctx, user, d)
	if err != nil {
		l.unseen("what "+of.String()+" may do", err)
		return
	}
	for len(lacking) > 0 {
		first := lacking[0]
		var texts []string
		lacking = slices.DeleteFunc(lacking, func(r right) bool {
			if r.without == first.without {
				texts = append(texts, strings.Join(r.verbs, ", ")+" "+r.String())
			}
			return r.without == first.without
		})
		l.error(of, fmt.Sprintf("%s; then kubectl auth can-i %s %s --as %s", applied, first.verbs[0], first.inCommand(), user),
			"%s, since it may not %s", first.without, strings.Join(texts, "; "))
	}
}

// lacking returns the rights that a user needs and has not, with the verbs that are missing.
func (l *look) lacking(ctx context.Context, user string, d *appsv1.Deployment) ([]right, error) {
	var lacking []right
	for _, r := range l.needed(d) {
		var missing []string
		for _, verb := range r.verbs {
			may, err := l.May(ctx, &authorizationv1.SubjectAccessReviewSpec{
				User:               user,
				Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + d.Namespace, "system:authenticated"},
				ResourceAttributes: r.attributes(verb),
			})
			if err != nil { // the others would say the same
				return nil, err
			}
			if !may {
				missing = append(missing, verb)
			}
		}
		if r.verbs = missing; len(missing) > 0 {
			lacking = append(lacking, r)
		}
	}
	return lacking, nil
}

func (r right) attributes(verb string) *authorizationv1.ResourceAttributes {
	resource, sub, _ := strings.Cut(r.resource, "/")
	return &authorizationv1.ResourceAttributes{Group: r.group, Resource: resource, Subresource: sub, Namespace: r.namespace, Name: r.name, Verb: verb}
}

func (r right) String() string {
	text := r.resource
	if r.group != "" {
		text += "." + r.group
	}
	if r.name != "" {
		text += " " + r.name
	}
	if r.namespace != "" {
		text += " of namespace " + r.namespace
	}
	return text
}

func (r right) inCommand() string {
	text := r.resource
	if r.group != "" {
		text = strings.Replace(r.resource, "/", "."+r.group+"/", 1)
		if !strings.Contains(r.resource, "/") {
			text += "." + r.group
		}
	}
	if r.name != "" {
		text += "/" + r.name
	}
	if r.namespace != "" {
		return text + " -n " + r.namespace
	}
	return text + " -A"
}

var (
	follow = []string{"list", "watch"}
	read   = []string{"get", "list", "watch"}
)

const hooksGroup = "admissionregistration.k8s.io"

// needed are the rights that a server needs with the flags it has.
func (l *look) needed(d *appsv1.Deployment) []right {
	all := slices.Clone(always)
	if argument(d, "cert-dir") == "" {
		all = append(all, l.selfManaged()...)
	}
	if argument(d, "istio-config") == "live" {
		namespace := cmp.Or(argument(d, "istio-namespace"), "istio-system")
		suffix := ""
		if revision := argument(d, "revision"); revision != "" && revision != "default" {
			suffix = "-" + revision
		}
		for _, name := range []string{"istio", "istio-sidecar-injector"} {
			all = append(all, right{"", "configmaps", namespace, name + suffix, follow, "the injector does not follow Istio's"})
		}
	}
	mode := argument(d, "missing-sidecars")
	if mode == "report" || mode == "evict" {
		all = append(all,
			right{"", "pods", "", "", []string{"get", "list"}, "pods without their sidecar are not found"},
			right{hooksGroup, "mutatingwebhookconfigurations", "", "", []string{"list"}, "pods without their sidecar are not found"})
	}
	if mode == "evict" {
		all = append(all, right{"", "pods/eviction", "", "", []string{"create"}, "pods without their sidecar are not evicted"})
	}
	return all
}

const unready = "the server is not ready"

// always are the rights of every server.
var always = func() []right {
	var all []right
	for _, resource := range judged {
		all = append(all, right{istioGroup, resource, "", "", read, unready})
	}
	return append(all,
		right{"", "namespaces", "", "", read, unready},
		right{"", "services", "", "", read, unready},
		right{"networking.k8s.io", "ingresses", "", "", read, unready},
		right{"gateway.networking.k8s.io", "httproutes", "", "", read, unready},
		right{istioGroup, "proxyconfigs", "", "", follow, unready},
		right{"", "nodes", "", "", follow, unready},
		right{"", "events", "", "", []string{"create", "get", "update"}, "nobody is told what the audit finds"},
	)
}()

// selfManaged are the rights of a server that certifies itself.
func (l *look) selfManaged() []right {
	const (
		uncertified = "the server has no certificate"
		untrusted   = "caBundle is not filled"
	)
	all := []right{
		{"", "secrets", l.Namespace, "", []string{"create"}, uncertified},
		{"", "secrets", l.Namespace, authoritySecret, []string{"list", "watch", "update"}, uncertified},
		{"coordination.k8s.io", "leases", l.Namespace, "", []string{"create"}, untrusted},
		{"coordination.k8s.io", "leases", l.Namespace, "meshward", []string{"get", "update"}, untrusted},
	}
	for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		all = append(all,
			right{hooksGroup, resource, "", "", follow, untrusted},
			right{hooksGroup, resource, "", configurationName, []string{"patch"}, untrusted})
	}
	return all
}
