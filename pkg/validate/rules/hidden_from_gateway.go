package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// HiddenFromGateway finds VirtualServices that are not exported to the namespace in
// which the pods of their gateways run [2.3].
var HiddenFromGateway = &rule.Rule{
	Name:     "hidden-from-gateway",
	Severity: rule.Warning,
	On:       mesh.SubjectVirtualService,
	Run:      hiddenFromGateway,
	Doc: rule.Doc{
		Title: "exportTo hides a VirtualService from the pods of its gateway",
		Why: "`exportTo`" + ` names the namespaces whose proxies are given a VirtualService, and the
proxies of a gateway are no exception. What counts is the namespace that the
gateway's **pods** run in, not that of the Gateway object. A VirtualService with
` + "`exportTo: [\".\"]`" + ` in a team's namespace does not reach an ingress gateway in
` + "`istio-system`" + `: its hosts get **404 NR**, or no listener is opened for them.

The pods are found by a Service that selects what the Gateway selects. Where there is
none they are taken to run in the Gateway's namespace or in the root namespace, and
the finding is only information.`,
		Fix: `- Add the namespace of the gateway's pods to ` + "`exportTo`" + `, or leave ` + "`exportTo`" + ` out.
- Where the mesh's default hides it, write ` + "`exportTo`" + ` with that namespace.`,
		See: nil,
	},
}

func hiddenFromGateway(p *rule.Pass) {
	v := p.Mesh.VirtualService(p.Key.Name)
	if v == nil || v.Delegate() {
		return
	}
	for i, name := range v.Gateways {
		if p.Mesh.Gateway(name) == nil || slices.Contains(v.Gateways[:i], name) {
			continue
		}
		pods, known := p.Mesh.PodsOf(name)
		if slices.ContainsFunc(pods, v.Seen.Has) {
			continue
		}
		pods = slices.DeleteFunc(slices.Clone(pods), func(namespace string) bool { return namespace == "" })
		f := rule.Finding{
			Object:     v.By,
			Path:       "spec.exportTo",
			About:      name,
			Message:    fmt.Sprintf("not exported to namespace %s, where the pods of Gateway %s run", some(pods), name),
			Viewpoints: atGateways(name),
			Have:       exported(v),
			Effect:     "the gateway is given no route of it: 404 NR, or no connection",
			Fix:        fmt.Sprintf("add %s to exportTo", some(pods)),
			OtherFix:   fmt.Sprintf("first export %s to %s", v.By, some(pods)),
			RestsOn:    namespacesOf(append(pods, v.Name(), name)...),
		}
		if slices.Equal(v.Seen.Named(), []string{v.By.Namespace}) {
			// It says so itself, or says nothing where that is the mesh's default.
			f.Fix = fmt.Sprintf("set exportTo to [%s]", strings.Join(append([]string{`"."`}, pods...), ", "))
		}
		if !known {
			f.Severity = rule.Info
			f.Message = fmt.Sprintf("not exported to namespace %s, where the pods of Gateway %s seem to run", some(pods), name)
		}
		p.Report(f)
	}
}

func exported(v *mesh.VirtualService) string {
	if v.Seen.IsEmpty() {
		return "exported to no namespace"
	}
	return "exported to namespace " + some(v.Seen.Named())
}
