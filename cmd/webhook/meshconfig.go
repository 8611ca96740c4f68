package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/meshward/meshward/pkg/injection"
	"github.com/meshward/meshward/pkg/validate/mesh"
)

// meshFlags say what the mesh's own settings are.
type meshFlags struct {
	file   string
	domain string
}

func (m *meshFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&m.file, "mesh-config", "", "file with Istio's mesh config: its ConfigMap istio, or the value of the key mesh (default: Istio's defaults)")
	flags.StringVar(&m.domain, "domain", "cluster.local", "the cluster's domain")
}

// config returns the settings of a mesh of which the snapshot holds all objects,
// or not. It returns an error where the file cannot be read.
func (m *meshFlags) config(complete bool) (mesh.Config, error) {
	cfg := mesh.DefaultConfig()
	if m.file != "" {
		text, err := injection.Value(m.file, "mesh")
		if err != nil {
			return cfg, fmt.Errorf("the mesh config cannot be read: %w", err)
		}
		if cfg, err = mesh.ParseConfig(text); err != nil {
			return cfg, fmt.Errorf("%s: %w", m.file, err)
		}
	}
	cfg.Domain, cfg.Complete = m.domain, complete
	return cfg, nil
}
