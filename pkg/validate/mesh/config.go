package mesh

import (
	"cmp"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"
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
	// Complete claims that every object of the mesh is in the snapshot: true at
	// admission, false for a few files of a larger whole, unless the user says so.
	Complete bool
}

// DefaultConfig is Istio's own defaults.
func DefaultConfig() Config {
	return Config{Domain: "cluster.local", RootNamespace: "istio-system"}
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
	return cfg, nil
}
