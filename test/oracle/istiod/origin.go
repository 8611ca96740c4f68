package istiod

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshward/meshward/test/oracle/world"
)

// Origin is one rule of a VirtualService, from which a route came.
type Origin struct {
	By world.Ref
	// Rule is the rule's place among the http rules of the VirtualService.
	Rule int
}

// String is the place as findings write it: "VirtualService default/reviews http[0]".
func (o Origin) String() string { return fmt.Sprintf("%s http[%d]", o.By, o.Rule) }

// name writes the place of each http rule into its name, which istiod hands on to
// Envoy's routes, and through delegation: root, dash, delegate.
func name(vs *networkingv1.VirtualService) {
	for i, http := range vs.Spec.GetHttp() {
		http.Name = fmt.Sprintf("|%s|%s|%d|", vs.Namespace, vs.Name, i)
		for k, match := range http.GetMatch() {
			match.Name = fmt.Sprintf("m%d", k)
		}
	}
}

var written = regexp.MustCompile(`\|([^|]*)\|([^|]*)\|(\d+)\|`)

// Origins reads the name of a route: the rule it came from, and after it the rule of the
// delegate that the first one handed over to. There are none for istiod's own routes.
func Origins(name string) []Origin {
	var origins []Origin
	for _, at := range written.FindAllStringSubmatch(name, -1) {
		rule, _ := strconv.Atoi(at[3])
		by := world.Ref{Kind: "VirtualService", Namespace: at[1], Name: at[2]}
		origins = append(origins, Origin{By: by, Rule: rule})
	}
	return origins
}

// source is the object that istiod says a part of its output came from, and whether it
// says so.
func source(metadata *corev3.Metadata, kind, kebab string) (world.Ref, bool) {
	path := metadata.GetFilterMetadata()["istio"].GetFields()["config"].GetStringValue()
	_, rest, found := strings.Cut(path, "/namespaces/")
	parts := strings.Split(rest, "/")
	if !found || len(parts) != 3 || parts[1] != kebab {
		return world.Ref{}, false
	}
	return world.Ref{Kind: kind, Namespace: parts[0], Name: parts[2]}, true
}
