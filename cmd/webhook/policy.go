package main

import (
	"github.com/meshward/meshward/pkg/policy"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
)

// severities are those with which files are reported, by what admission would do.
var severities = map[policy.Action]rule.Severity{
	policy.Deny:  rule.Error,
	policy.Warn:  rule.Warning,
	policy.Audit: rule.Info,
}

// decided gives findings the severity that a configuration makes of them in the
// namespaces of their objects, and leaves out those that it turns off. What an
// object is let off is a warning, as at admission.
func decided(config *policy.Config, in *mesh.Snapshot, found []rule.Finding) []rule.Finding {
	var kept []rule.Finding
	for _, f := range found {
		namespace := f.Object.Namespace
		action := config.Action(&f, policy.Namespace{Name: namespace, Labels: in.NamespaceLabels(namespace)})
		severity, reported := severities[action]
		if !reported {
			continue
		}
		reasons, _ := config.Overrides(f.Object.Override)
		if _, overridden := reasons[f.Rule.Name]; overridden && severity == rule.Error {
			severity = rule.Warning
		}
		f.Severity = severity
		kept = append(kept, f)
	}
	return kept
}
