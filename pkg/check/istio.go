package check

import (
	"context"
	"slices"
	"strings"
)

var istioResources = &Check{
	Name:  "istio-resources",
	Looks: "Istio's resource definitions: there, and served as v1",
	run:   checkIstio,
}

const istioGroup = "networking.istio.io"

// judged are the resources that a route rests on.
var judged = []string{"destinationrules", "gateways", "serviceentries", "sidecars", "virtualservices"}

func checkIstio(ctx context.Context, l *look) {
	const fix = "install those of Istio 1.22 or later: helm upgrade --install istio-base istio/base -n istio-system"
	of := Object{Kind: "API group", Name: istioGroup}
	served, err := l.Serves(ctx, istioGroup+"/v1")
	if err != nil {
		l.unseen(of.String(), err)
		return
	}
	var missing []string
	for _, resource := range judged {
		if !slices.Contains(served, resource) {
			missing = append(missing, resource)
		}
	}
	if len(missing) == 0 {
		return
	}
	for _, version := range []string{"v1beta1", "v1alpha3"} {
		older, err := l.Serves(ctx, istioGroup+"/"+version)
		if err != nil {
			l.unseen(of.String(), err)
			return
		}
		if len(older) > 0 {
			l.error(of, fix, "the cluster serves no %s of version v1, which the webhook asks about; changes of them are not judged", strings.Join(missing, ", "))
			return
		}
	}
	if len(missing) < len(judged) {
		l.error(of, fix, "the cluster does not know %s, so its definitions are of another Istio or not complete", strings.Join(missing, ", "))
		return
	}
	l.error(of, fix, "the cluster does not know %s: there is no mesh to look after", strings.Join(missing, ", "))
}
