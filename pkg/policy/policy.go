// Package policy is what the people who run a mesh decide about meshward: the
// configuration file, and the answers that it gives.
//
// It knows the file's format, rules by name and findings by severity. It must not
// know which rules there are (it is given their names), nor admission, nor the
// API server.
package policy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// APIVersion and Kind are what a configuration file says that it is.
const (
	APIVersion = "meshward.io/v1alpha1"
	Kind       = "Config"
)

// Config is a configuration as the file holds it, with defaults filled in. It is
// made by Parse or Default, which check it, and is not changed afterwards.
type Config struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	// Mesh says what istiod is told by its own settings. What is set here wins
	// over --mesh-config and --domain, field by field.
	Mesh Mesh `json:"mesh,omitzero"`
	// Actions say what becomes of findings. The last entry that matches wins; where
	// none does, an error is denied, a warning is shown, and information is
	// only recorded.
	Actions []RuleAction `json:"actions,omitempty"`
	// Tenants own hosts, which nobody else may claim.
	Tenants []Tenant `json:"tenants,omitempty"`
	// AllowedHosts are hosts that every namespace may claim, whoever owns them.
	AllowedHosts []Glob `json:"allowedHosts,omitempty"`
	// Exempt is who is judged but never denied: they get warnings, and the audit log
	// and the metrics say so.
	Exempt Subjects `json:"exempt,omitzero"`
	// Appliers is who delivers several objects in an order of its own. They are not
	// denied what breaks another object than the one they change, nor a conflict with
	// another one of its kind, for what mends it is part of the same delivery.
	Appliers Subjects `json:"appliers,omitzero"`
	// BreakGlass says which rules an object may ask to be let off.
	BreakGlass BreakGlass `json:"breakGlass,omitzero"`
	// Modes says which namespaces may soften what becomes of their own changes.
	Modes Modes `json:"modes,omitzero"`
	// Deadline says what admission answers when it runs out of time.
	Deadline Deadline `json:"deadline,omitzero"`

	known []string // the names of all rules
}

// Mesh is the part of istiod's settings that changes answers. A field that is
// left out is taken from --mesh-config, or has Istio's default.
type Mesh struct {
	// Domain is the cluster's domain: istiod's --domain.
	Domain string `json:"domain,omitempty"`
	// RootNamespace is MeshConfig.rootNamespace.
	RootNamespace string `json:"rootNamespace,omitempty"`
	// DefaultServiceExportTo, DefaultVirtualServiceExportTo and
	// DefaultDestinationRuleExportTo are the MeshConfig fields of these names.
	DefaultServiceExportTo         []string `json:"defaultServiceExportTo,omitempty"`
	DefaultVirtualServiceExportTo  []string `json:"defaultVirtualServiceExportTo,omitempty"`
	DefaultDestinationRuleExportTo []string `json:"defaultDestinationRuleExportTo,omitempty"`
	// Revisions are the values of the label istio.io/rev that the mesh's istiod
	// honours, tags included. An object with another value is not this mesh's.
	// The default is "default".
	Revisions []string `json:"revisions,omitempty"`
	// DiscoverySelectors is MeshConfig.discoverySelectors: istiod reads only the
	// namespaces that one of them selects, and all where there are none.
	DiscoverySelectors []metav1.LabelSelector `json:"discoverySelectors,omitempty"`
	// ScopeGatewayToNamespace is istiod's PILOT_SCOPE_GATEWAY_TO_NAMESPACE: a
	// Gateway selects only pods of its own namespace.
	ScopeGatewayToNamespace *bool `json:"scopeGatewayToNamespace,omitempty"`
	// KnownHosts are hosts that another cluster of the mesh declares, so that
	// unknown-host is silent about them.
	KnownHosts []Glob `json:"knownHosts,omitempty"`

	selectors []labels.Selector // made of DiscoverySelectors
}

// RuleAction gives the findings of some rules, in some namespaces, an action.
type RuleAction struct {
	// Rules are names of rules, or "*" for all.
	Rules []string `json:"rules"`
	// Namespaces are those of the objects that are changed; all if left out.
	Namespaces *Namespaces `json:"namespaces,omitempty"`
	// Action is what becomes of the findings.
	Action Action `json:"action"`
}

// Tenant is a group of namespaces and the hosts that only they may claim.
type Tenant struct {
	// Name is for people, in messages. No two tenants share one.
	Name string `json:"name"`
	// Namespaces are the tenant's.
	Namespaces *Namespaces `json:"namespaces"`
	// Hosts are the tenant's, as full names.
	Hosts []Glob `json:"hosts"`
}

// Subjects are users and groups.
type Subjects struct {
	// Users are user names, such as
	// "system:serviceaccount:argo-rollouts:argo-rollouts".
	Users []Glob `json:"users,omitempty"`
	// Groups are group names, such as "system:serviceaccounts:flagger".
	Groups []Glob `json:"groups,omitempty"`
}

// BreakGlass says which rules the annotation meshward.io/allow overrides.
type BreakGlass struct {
	// Rules are names of rules, or "*" for all, which is the default.
	Rules []string `json:"rules"`
	// Except are rules that no annotation overrides, whatever Rules says.
	Except []string `json:"except,omitempty"`
}

// Modes says where the namespace label meshward.io/mode is honoured.
type Modes struct {
	// Namespaces may set the label; none if left out.
	Namespaces *Namespaces `json:"namespaces,omitempty"`
}
