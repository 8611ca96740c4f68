package selection

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// slash stands for a slash in a value of the path.
const slash = "--slash--"

// path is where the API server asks for injection. It tells the injector of which cluster
// and network the pods are, in the form of Istio's injectionPath.
func (o Options) path() string {
	var path strings.Builder
	path.WriteString("/inject")
	for _, place := range o.places() {
		if place.value != "" {
			path.WriteString("/" + place.key + "/" + strings.ReplaceAll(place.value, "/", slash))
		}
	}
	return path.String()
}

// A place is one that pods are in: by its key in the path, and as the injector's values
// call it.
type place struct{ key, name, value, setting string }

func (o Options) places() []place {
	return []place{
		{"cluster", "the cluster", o.Cluster, "global.multiCluster.clusterName"},
		{"net", "the network", o.Network, "global.network"},
	}
}

// checkPlaces refuses a path that the API server does not take: each of its parts has to be
// a DNS name.
func (o Options) checkPlaces() []error {
	var wrong []error
	for _, place := range o.places() {
		part := strings.ReplaceAll(place.value, "/", slash)
		if place.value != "" && len(validation.IsDNS1123Subdomain(part)) > 0 {
			wrong = append(wrong, fmt.Errorf("%s is %q; the API server takes only a DNS name in the path: give it to the injector in its values, as %s", place.name, place.value, place.setting))
		}
	}
	return wrong
}
