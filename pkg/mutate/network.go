package mutate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/templates"
)

const (
	clusterVariable = "ISTIO_META_CLUSTER_ID"
	networkVariable = "ISTIO_META_NETWORK"
	networkLabel    = "topology.istio.io/network"
)

// VariablesOf returns the environment variables of the proxy that the path of a request
// sets: /inject/cluster/X/net/Y says where the pods of a remote cluster are. A slash in a
// value is written --slash--. Other names are variables themselves, in capitals. The form
// /inject/:ENV:cluster=X:ENV:net=Y is an older one.
func VariablesOf(path string) map[string]string {
	_, pairs, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if pairs == "" {
		return nil
	}
	variables := map[string]string{}
	if settings, older := strings.CutPrefix(pairs, ":ENV:"); older {
		for setting := range strings.SplitSeq(settings, ":ENV:") {
			if name, value, is := strings.Cut(setting, "="); is && name != "" {
				variables[variableOf(name)] = value
			}
		}
		return variables
	}
	parts := strings.Split(pairs, "/")
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] != "" {
			variables[variableOf(parts[i])] = strings.ReplaceAll(parts[i+1], "--slash--", "/")
		}
	}
	return variables
}

func variableOf(name string) string {
	switch name {
	case "cluster":
		return clusterVariable
	case "net":
		return networkVariable
	default:
		return strings.ToUpper(name)
	}
}

// located are the variables of a request with the cluster and the network of the pod: its
// label says more than the request, and that more than the values.
func located(values templates.Values, variables, labels map[string]string) map[string]string {
	all := make(map[string]string, len(variables)+2)
	maps.Copy(all, variables)
	if cluster := values.Text("global", "multiCluster", "clusterName"); cluster != "" && all[clusterVariable] == "" {
		all[clusterVariable] = cluster
	}
	network := cmp.Or(variables[networkVariable], values.Text("global", "network"))
	if label, labelled := labels[networkLabel]; labelled {
		network = label
	}
	if network != "" {
		all[networkVariable] = network
	}
	return all
}

// locate sets variables of the proxy, in the place of those that have their names.
func (d *draft) locate(variables map[string]string) {
	proxy := d.proxy()
	if proxy == nil || len(variables) == 0 {
		return
	}
	env := proxy.container.Env
	kept := make([]corev1.EnvVar, 0, len(env)+len(variables))
	var how []Operation
	for i := range env {
		if _, replaced := variables[env[i].Name]; replaced {
			how = append(how, remove("/env/"+strconv.Itoa(i)))
			continue
		}
		kept = append(kept, env[i])
	}
	slices.Reverse(how) // from the back, so that the places before stay what they are
	proxy.edit(func(c *corev1.Container) { c.Env = kept }, how...)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		proxy.addEnv(corev1.EnvVar{Name: name, Value: variables[name]})
	}
}
