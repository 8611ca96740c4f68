package sized

import (
	"encoding/json"
	"fmt"
	"iter"
)

// replicas is how many pods a subset has.
const replicas = 2

// Workloads are what runs behind the services of a mesh: for each subset a Deployment, with
// the metadata of its pods. No rule of ours reads them; others' tools do.
func Workloads(services int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range services {
			for _, version := range []string{"v1", "v2"} {
				for _, text := range workload(i, version) {
					if !yield(text) {
						return
					}
				}
			}
		}
	}
}

// workload is what runs behind one subset of a service.
func workload(service int, version string) (texts [][]byte) {
	name, labels := Name(service)+"-"+version, spec{"app": Name(service), "version": version}
	containers := spec{"containers": []spec{{"name": "app", "image": "registry.example.com/app:1"}}}
	add := func(apiVersion, kind, name string, labels, content spec) {
		text, err := json.Marshal(spec{
			"apiVersion": apiVersion, "kind": kind, "spec": content,
			"metadata": spec{"namespace": Team(service), "name": name, "labels": labels},
		})
		if err != nil {
			panic(err) // it is made of texts
		}
		texts = append(texts, text)
	}
	add("apps/v1", "Deployment", name, spec{"app": Name(service)}, spec{
		"replicas": replicas, "selector": spec{"matchLabels": labels}, "template": spec{"metadata": spec{"labels": labels}, "spec": containers},
	})
	injected := spec{"containers": append(containers["containers"].([]spec), spec{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.1"})}
	for replica := range replicas {
		add("v1", "Pod", fmt.Sprintf("%s-%d", name, replica), labels, injected)
	}
	return texts
}
