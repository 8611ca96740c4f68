package templates

import (
	"encoding/json"
	"slices"
	"strings"
)

// appendMultusNetwork adds a network, "name" or "namespace/name", to the value of
// the annotation k8s.v1.cni.cncf.io/networks, which is a list with commas or
// JSON. JSON that cannot be read is left alone.
func appendMultusNetwork(existing, network string) string {
	if existing == "" {
		return network
	}
	end := strings.LastIndex(existing, "]")
	if end >= 0 {
		return appendNetworkObject(existing, end, network)
	}
	listed := slices.ContainsFunc(strings.Split(existing, ","), func(one string) bool {
		return strings.TrimSpace(one) == network
	})
	if listed {
		return existing
	}
	return existing + ", " + network
}

func appendNetworkObject(existing string, end int, network string) string {
	var listed []map[string]any
	if err := json.Unmarshal([]byte(existing), &listed); err != nil {
		return existing
	}
	namespace, name := splitNetwork(network)
	for _, one := range listed {
		in, ok := one["namespace"]
		if !ok || in == nil {
			in = ""
		}
		if one["name"] == name && in == namespace {
			return existing
		}
	}
	object := `, {"name": "` + name + `"}`
	if namespace != "" {
		object = `, {"name": "` + name + `", "namespace": "` + namespace + `"}`
	}
	return existing[:end] + object + existing[end:]
}

func splitNetwork(network string) (namespace, name string) {
	parts := strings.Split(network, "/")
	if len(parts) < 2 {
		return "", network
	}
	return parts[0], parts[1]
}
