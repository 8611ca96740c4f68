package selection

import (
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startFirst have to start, and to be changed, while we do not run: the cluster's own
// parts, the network that our answers travel on, and the issuer of our certificate. So does
// the namespace that we run in. A namespace that a cluster does not have costs nothing here.
// config/webhook/namespaces.yaml is made of this list, and kustomize copies it from there.
var startFirst = []string{
	"kube-system", "kube-public", "kube-node-lease", "local-path-storage",
	"calico-system", "cilium", "istio-cni", "kube-flannel", "kube-ovn", "tigera-operator",
	"openshift-dns", "openshift-multus", "openshift-network-operator", "openshift-ovn-kubernetes", "openshift-sdn",
	"cert-manager",
}

// controlPlane is the mesh's own namespace. Its label injects nobody, but a gateway that
// runs there and asks for its proxy itself cannot do without.
const controlPlane = "istio-system"

// StartFirst are the namespaces that no webhook of ours may hold up: pods start and
// configuration changes there as if we were not installed.
func (o Options) StartFirst() []string {
	namespace := o.Namespace
	if namespace == "" {
		namespace = DefaultNamespace
	}
	return append(slices.Clone(startFirst), namespace)
}

// but leaves out the namespaces that are never injected.
func (o Options) but() metav1.LabelSelectorRequirement {
	return butNames(unique(append(o.StartFirst(), o.Exclude...))...)
}

// butNames leaves out namespaces by their names, which no label can pretend.
func butNames(names ...string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: names}
}

func unique(names []string) []string {
	var once []string
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// object is what kustomize reads; two lists are to be filled in.
const object = `# Written from pkg/selection by "make generate". The namespaces that the webhooks leave
# alone, whatever their labels say. components/namespaces copies both lists to every
# webhook; this object itself reaches no cluster.
apiVersion: meshward.io/v1alpha1
kind: Namespaces
metadata:
  name: meshward
  annotations:
    config.kubernetes.io/local-config: "true"
# No webhook may hold these up.
startFirst:
%s# Here a namespace's label asks for nothing; a pod's own still does.
controlPlane:
%s`

// PrintNamespaces writes the lists of namespaces as the object that kustomize copies them
// from.
func PrintNamespaces(w io.Writer) error {
	if _, err := fmt.Fprintf(w, object, items(Options{}.StartFirst()), items([]string{controlPlane})); err != nil {
		return fmt.Errorf("the namespaces cannot be written: %w", err)
	}
	return nil
}

func items(names []string) string {
	var text strings.Builder
	for _, name := range names {
		text.WriteString("- " + name + "\n")
	}
	return text.String()
}
