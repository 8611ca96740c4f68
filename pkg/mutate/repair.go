package mutate

import (
	"encoding/json"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Repair returns the patch that makes a pod whole again that this injector has injected and
// that another webhook has been at since: the containers in their order, the proxy restarted
// as a sidecar is, and the probes of containers that came later handed to the agent. There
// is nothing to do for a pod of another injector, and nothing is an empty patch.
//
// It fails where an annotation of the pod has a value that the proxy could not take.
func (in *Injector) Repair(r Request) (Patch, error) {
	if injectedBy(r.Pod) != in.revision() {
		return nil, nil
	}
	mesh, proxy, _, err := in.configOf(&r)
	if err != nil {
		return nil, err
	}
	d := newDraft(r.Raw, r.Pod)
	if native := d.initContainers.find(proxyContainer); native != nil {
		native.restartAlways()
	}
	if in.rewrites(d.annotations) {
		d.rewriteProbes(agentPort(d.annotations, mesh), mesh.GetDefaultConfig().GetStatusPort())
	}
	d.order(in.holds(proxy))
	return d.patch()
}

// injectedBy is the revision of the injector that a pod has its sidecar from, as far as it
// says so.
func injectedBy(pod *corev1.Pod) string {
	var status struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal([]byte(pod.Annotations[statusAnnotation]), &status); err != nil {
		return ""
	}
	return status.Revision
}

// restartAlways makes a container one that stays, which Kubernetes tells by this alone.
func (it *item) restartAlways() {
	always := corev1.ContainerRestartPolicyAlways
	if policy := it.container.RestartPolicy; policy != nil && *policy == always {
		return
	}
	it.edit(func(c *corev1.Container) { c.RestartPolicy = &always }, add("/restartPolicy", appendString(nil, string(always))))
}

// addProbers tells the agent of probes. What it is told already, in a pod that is injected,
// stays.
func (it *item) addProbers(probers map[string]*prober, injected bool) {
	env := it.container.Env
	for i := range env {
		if !injected || env[i].Name != probersVariable {
			continue
		}
		var known map[string]*prober
		if err := json.Unmarshal([]byte(env[i].Value), &known); err != nil {
			return
		}
		maps.Copy(probers, known)
		told := append([]corev1.EnvVar(nil), env...)
		told[i].Value = string(encoded(probers))
		it.edit(func(c *corev1.Container) { c.Env = told }, add("/env/"+strconv.Itoa(i)+"/value", appendString(nil, told[i].Value)))
		return
	}
	it.addEnv(corev1.EnvVar{Name: probersVariable, Value: string(encoded(probers))})
}
