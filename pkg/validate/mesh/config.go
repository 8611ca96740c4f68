package mesh

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// Config is what the mesh's own settings change in the answers: the part of
// MeshConfig and of istiod's flags that decides how names and rules are looked up.
type Config struct {
	// Domain is the cluster's domain: istiod's --domain.
	Domain string
	// RootNamespace is MeshConfig.rootNamespace.
	RootNamespace string
	// DefaultServiceExportTo, DefaultVirtualServiceExportTo and
	// DefaultDestinationRuleExportTo are the MeshConfig fields of these names.
	DefaultServiceExportTo         []string
	DefaultVirtualServiceExportTo  []string
	DefaultDestinationRuleExportTo []string
	// Revisions are the values of the label istio.io/rev that the mesh's istiod
	// takes for its own; objects with another are not there for it [7.5].
	Revisions []string
	// DiscoverySelectors pick the namespaces that istiod looks at; without any it
	// looks at all [7.5].
	DiscoverySelectors []labels.Selector
	// ScopeGatewayToNamespace is istiod's PILOT_SCOPE_GATEWAY_TO_NAMESPACE: pods
	// serve the Gateways of their own namespace only [4.2].
	ScopeGatewayToNamespace bool
	// KnownHosts are hosts that something outside of the cluster declares.
	KnownHosts []Glob
	// AllowedHosts are hosts that every namespace may claim, whoever owns them.
	AllowedHosts []Glob
	// Tenants own hosts: nobody else may claim them.
	Tenants []Tenant
	// Complete claims that every object of the mesh is in the snapshot: true at
	// admission, false for a few files of a larger whole, unless the user says so.
	Complete bool
}

// DefaultConfig is Istio's own defaults.
func DefaultConfig() Config {
	return Config{Domain: "cluster.local", RootNamespace: "istio-system", Revisions: []string{"default"}}
}

// Tenant is a team with namespaces and hosts of its own.
type Tenant struct {
	Name string
	// Namespaces and Selector choose its namespaces by name and by label; where both
	// are given, both have to match.
	Namespaces []Glob
	Selector   labels.Selector
	// Hosts are the hosts that only these namespaces may claim.
	Hosts []Glob
}

// ParseConfig reads Istio's own mesh config, in YAML. It returns an error where
// the text is none; fields that do not change an answer are not looked at.
func ParseConfig(text []byte) (Config, error) {
	cfg := DefaultConfig()
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return cfg, fmt.Errorf("not a mesh config: %w", err)
	}
	var from meshconfig.MeshConfig
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &from); err != nil {
		return cfg, fmt.Errorf("not a mesh config: %w", err)
	}
	cfg.RootNamespace = cmp.Or(from.GetRootNamespace(), cfg.RootNamespace)
	cfg.DefaultServiceExportTo = from.GetDefaultServiceExportTo()
	cfg.DefaultVirtualServiceExportTo = from.GetDefaultVirtualServiceExportTo()
	cfg.DefaultDestinationRuleExportTo = from.GetDefaultDestinationRuleExportTo()
	for i, selector := range from.GetDiscoverySelectors() {
		selects, err := selectorOf(selector)
		if err != nil {
			return cfg, fmt.Errorf("not a mesh config: discoverySelectors[%d]: %w", i, err)
		}
		cfg.DiscoverySelectors = append(cfg.DiscoverySelectors, selects)
	}
	return cfg, nil
}

// selectorOf reads a selector as MeshConfig writes it. It returns an error for an
// operator that there is not, or one that has the wrong number of values.
func selectorOf(from *meshconfig.LabelSelector) (labels.Selector, error) {
	selector := metav1.LabelSelector{MatchLabels: from.GetMatchLabels()}
	for _, e := range from.GetMatchExpressions() {
		selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: e.GetKey(), Operator: metav1.LabelSelectorOperator(e.GetOperator()), Values: e.GetValues(),
		})
	}
	return metav1.LabelSelectorAsSelector(&selector)
}

// discovers reports whether istiod looks at a namespace with these labels [7.5].
func (c *Config) discovers(namespace map[string]string) bool {
	return len(c.DiscoverySelectors) == 0 || slices.ContainsFunc(c.DiscoverySelectors, func(s labels.Selector) bool {
		return s.Matches(labels.Set(namespace))
	})
}

// reads reports whether istiod takes an object for its own [7.5]. The label counts
// for Istio's own kinds only.
func (c *Config) reads(o *Object) bool {
	return o.revision == "" || slices.Contains(c.Revisions, o.revision)
}
