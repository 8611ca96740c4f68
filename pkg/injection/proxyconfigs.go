package injection

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

// revisionLabel is for resources that one control plane alone is to read.
const revisionLabel = "istio.io/rev"

var proxyConfigs = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1beta1", Kind: "ProxyConfig"}

// resource is what matters of a ProxyConfig.
type resource struct {
	created  time.Time
	revision *string
	spec     *networking.ProxyConfig
}

func resourceOf(object client.Object) (resource, error) {
	r := resource{created: object.GetCreationTimestamp().Time, spec: &networking.ProxyConfig{}}
	if revision, labelled := object.GetLabels()[revisionLabel]; labelled {
		r.revision = &revision
	}
	stored, ok := object.(*unstructured.Unstructured)
	if !ok {
		return resource{}, fmt.Errorf("a %T is no ProxyConfig", object)
	}
	spec, err := json.Marshal(stored.Object["spec"])
	if err == nil {
		err = r.spec.UnmarshalJSON(spec)
	}
	if err != nil {
		return resource{}, fmt.Errorf("ProxyConfig %s/%s: %w", object.GetNamespace(), object.GetName(), err)
	}
	return r, nil
}

func (r resource) same(other resource) bool {
	return r.created.Equal(other.created) && proto.Equal(r.spec, other.spec) &&
		(r.revision == nil) == (other.revision == nil) && (r.revision == nil || *r.revision == *other.revision)
}

// watchProxyConfigs has the ProxyConfigs read, which a cluster need not know.
func (k *Keeper) watchProxyConfigs() {
	k.resources = &table[resource]{row: resourceOf, same: resource.same, changed: k.news.wake, log: k.log}
	object := func() *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(proxyConfigs)
		return u
	}
	k.watches = append(k.watches, watch{
		name:   proxyConfigs.Kind,
		object: object(),
		list: func() client.ObjectList {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(proxyConfigs.GroupVersion().WithKind(proxyConfigs.Kind + "List"))
			return list
		},
		into:   k.resources,
		unread: k.resources.unread,
	})
}

// arranged returns the resources of a revision as istiod goes through them: by age, and
// by name where that is the same. It is nil where there are none.
func arranged(rows map[client.ObjectKey]resource, revision, root string) *mutate.ProxyConfigs {
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b client.ObjectKey) int {
		return cmp.Or(rows[a].created.Compare(rows[b].created), cmp.Compare(a.Name, b.Name))
	})
	in := map[string][]*networking.ProxyConfig{}
	for _, key := range keys {
		if of := rows[key].revision; of == nil || *of == revision {
			in[key.Namespace] = append(in[key.Namespace], rows[key].spec)
		}
	}
	if len(in) == 0 {
		return nil
	}
	return &mutate.ProxyConfigs{RootNamespace: root, In: in}
}
