package mesh

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
