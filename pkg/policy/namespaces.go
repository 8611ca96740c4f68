package policy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Glob is a name in which "*" stands for any run of characters.
type Glob = mesh.Glob

// Namespaces chooses namespaces by name, by label, or by both: where both are
// given, both have to match.
type Namespaces struct {
	// Names are names of namespaces.
	Names []Glob `json:"names,omitempty"`
	// Selector selects by the namespaces' labels.
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	selector labels.Selector // made of Selector
}

// Namespace is a namespace as far as a choice depends on it.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Has reports whether a namespace is chosen. Nothing is chosen by nil.
func (n *Namespaces) Has(namespace Namespace) bool {
	if n == nil {
		return false
	}
	if len(n.Names) > 0 && !mesh.Matches(n.Names, namespace.Name) {
		return false
	}
	return n.selector == nil || n.selector.Matches(labels.Set(namespace.Labels))
}
