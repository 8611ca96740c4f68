package injection

import (
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The ConfigMaps in which Istio keeps its settings; those of a revision have its name
// behind theirs.
const (
	injectorMap = "istio-sidecar-injector"
	meshMap     = "istio"
)

func nameOf(base, revision string) string {
	if revision == "" || revision == "default" {
		return base
	}
	return base + "-" + revision
}

// configMap is one ConfigMap of the cluster, as a watch has it.
type configMap struct {
	key  client.ObjectKey
	rows *table[map[string]string]
}

func (k *Keeper) configMap(base string) configMap {
	m := configMap{
		key: client.ObjectKey{Namespace: k.options.Namespace, Name: nameOf(base, k.options.Revision)},
		rows: &table[map[string]string]{
			row: func(object client.Object) (map[string]string, error) {
				stored, ok := object.(*corev1.ConfigMap)
				if !ok {
					return nil, fmt.Errorf("a %T is no ConfigMap", object)
				}
				return stored.Data, nil
			},
			same:    maps.Equal[map[string]string, map[string]string],
			changed: k.news.wake,
			log:     k.log,
		},
	}
	k.watches = append(k.watches, watch{
		name:      "ConfigMap " + m.key.String(),
		object:    &corev1.ConfigMap{},
		list:      func() client.ObjectList { return &corev1.ConfigMapList{} },
		namespace: m.key.Namespace,
		only:      m.key.Name,
		into:      m.rows,
		unread:    m.rows.unread,
	})
	return m
}

// values puts the values of keys where they belong. All are of one state of the ConfigMap.
func (m configMap) values(into map[string]*[]byte) error {
	rows, _ := m.rows.all()
	data, stored := rows[m.key]
	if !stored {
		return fmt.Errorf("ConfigMap %s is missing", m.key)
	}
	var problems []error
	for key, text := range into {
		value, has := data[key]
		if !has {
			problems = append(problems, fmt.Errorf("ConfigMap %s has no key %q", m.key, key))
		}
		*text = []byte(value)
	}
	return errors.Join(problems...)
}
