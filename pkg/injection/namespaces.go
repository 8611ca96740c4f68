package injection

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

// watchNamespaces has the users and groups read that OpenShift gives to namespaces; of a
// Namespace nothing else is kept.
func (k *Keeper) watchNamespaces() {
	k.namespaces = &table[map[string]string]{
		row: func(object client.Object) (map[string]string, error) {
			return mutate.AssignedRanges(object.GetAnnotations()), nil
		},
		same:    maps.Equal[map[string]string, map[string]string],
		changed: k.news.wake, // for the first time they are read
		log:     k.log,
	}
	kind := metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}
	list := metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}
	k.watches = append(k.watches, watch{
		name:   "Namespace",
		object: &metav1.PartialObjectMetadata{TypeMeta: kind},
		list:   func() client.ObjectList { return &metav1.PartialObjectMetadataList{TypeMeta: list} },
		into:   k.namespaces,
		unread: k.namespaces.unread,
	})
}

// NamespaceAnnotations returns the annotations of a namespace by which OpenShift says what
// its pods run as; none on other clusters.
func (k *Keeper) NamespaceAnnotations(name string) map[string]string {
	if k.namespaces == nil {
		return nil
	}
	return k.namespaces.of(client.ObjectKey{Name: name})
}
