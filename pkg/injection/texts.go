package injection

import (
	"bytes"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/templates"
)

// Texts are settings of an injector as Istio stores them. What is nil is as meshward
// itself brings it.
type Texts struct {
	// Config and Values are keys of the ConfigMap istio-sidecar-injector.
	Config, Values []byte
	// Mesh is a key of the ConfigMap istio.
	Mesh []byte
}

// Parse reads the settings. It fails where one of them is not of its form; whether they
// fit together is found out by mutate.New.
func (t Texts) Parse() (mutate.Config, error) {
	var read mutate.Config
	var err error
	if t.Config != nil {
		if read.Templates, err = templates.ParseConfig(t.Config); err != nil {
			return mutate.Config{}, err
		}
	}
	if t.Values != nil {
		values, err := templates.ParseValues(t.Values)
		if err != nil {
			return mutate.Config{}, err
		}
		if t.Config == nil { // its own templates are made for its own values
			values = templates.DefaultValues().With(values)
		}
		read.Values = &values
	}
	if t.Mesh != nil {
		if read.Mesh, err = templates.ParseMesh(t.Mesh); err != nil {
			return mutate.Config{}, err
		}
	}
	return read, nil
}

func (t Texts) equal(other Texts) bool {
	return bytes.Equal(t.Config, other.Config) && bytes.Equal(t.Values, other.Values) && bytes.Equal(t.Mesh, other.Mesh)
}
