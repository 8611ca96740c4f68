package gen

import (
	"slices"
	"strings"
)

const templatesKey = "inject.istio.io/templates"

// Custom are the templates that most installations have besides Istio's.
func Custom() []string { return slices.Clone(custom) }

var custom = []string{
	"delete", "empty", "env", "extra-container", "functions", "host-aliases", "labels", "late-init", "merge-keys", "nothing", "order",
	"patch", "replace", "second-proxy", "security", "sprig", "typed", "unknown-fields", "volumes", "fails", "broken-yaml",
}

// failing are those of which nothing can come.
var failing = []string{"fails", "broken-yaml"}

func (d *draft) templates(names ...string) {
	for _, name := range names {
		d.note(strings.TrimSpace(name))
	}
	d.annotate(templatesKey, strings.Join(names, pick(d, ",", ",", ", ")))
}

// istioTemplates asks for templates that come with Istio, for pods as they are for.
func istioTemplates(d *draft) {
	chosen := pick(d, "gateway", "gateway", "grpc-simple", "grpc-agent", "grpc-agent", "sidecar")
	if chosen == "gateway" {
		c := d.spec.Containers[0]
		c.Name, c.Image = proxy, "auto"
		d.spec.Containers[0] = c
	}
	if d.oneIn(6) {
		d.templates(chosen, pick(d, "sidecar", "grpc-simple", "gateway", "sidecar"))
		return
	}
	d.templates(chosen)
}

func customTemplates(d *draft) {
	var chosen []string
	if !d.oneIn(5) {
		chosen = append(chosen, "sidecar")
	}
	for range d.between(1, 2) {
		name := pick(d, custom...)
		if slices.Contains(failing, name) && !d.oneIn(4) {
			name = "labels"
		}
		chosen = append(chosen, name)
	}
	if d.oneIn(5) {
		d.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	}
	d.templates(chosen...)
}

func oddTemplates(d *draft) {
	d.annotate(templatesKey, pick(d, "", ",", "unheard", "sidecar,", "sidecar,sidecar", "waypoint", "kube-gateway", "everything", "nested", "sidecar-too", "sidecar,everything", " sidecar "))
}
