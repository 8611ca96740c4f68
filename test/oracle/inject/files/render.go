package files

import (
	"errors"
	"fmt"

	"istio.io/istio/operator/pkg/manifest"
	"istio.io/istio/operator/pkg/render"
	"sigs.k8s.io/yaml"
)

// files renders the charts for an installation, and changes in the result what no flag
// of the charts is for.
func (i *installation) files() (*Files, error) {
	flags := append([]string{"profile=empty", "components.pilot.enabled=true"}, i.set...)
	if i.revision != "" {
		flags = append(flags, "revision="+i.revision)
	}
	sets, _, err := render.GenerateManifest(nil, flags, true, nil, nil)
	if err != nil {
		return nil, err
	}
	suffix := ""
	if i.revision != "" {
		suffix = "-" + i.revision
	}
	f := &Files{Name: i.name, Revision: i.revision, Compliance: i.compliance}
	injector, mesh := data(sets, "istio-sidecar-injector"+suffix), data(sets, "istio"+suffix)
	if injector == nil || mesh == nil {
		return nil, errors.New("the charts have no such ConfigMap any more")
	}
	changes := i.config
	if !i.untouched {
		changes = append([]change{customTemplates}, changes...)
	}
	if f.Config, err = changed(injector["config"], changes); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if f.Values, err = changed(injector["values"], i.values); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	f.Mesh, err = changed(mesh["mesh"], i.mesh)
	return f, err
}

// data is what the ConfigMap of a name holds.
func data(sets []manifest.ManifestSet, name string) map[string]string {
	for _, set := range sets {
		for _, m := range set.Manifests {
			if m.GetKind() != "ConfigMap" || m.GetName() != name {
				continue
			}
			content := map[string]string{}
			held, _ := m.Object["data"].(map[string]any)
			for key, value := range held {
				content[key], _ = value.(string)
			}
			return content
		}
	}
	return nil
}

// change changes a file that was read into a tree.
type change func(root map[string]any)

// changed is a file after some changes; without any it is the very text.
func changed(text string, changes []change) ([]byte, error) {
	if len(changes) == 0 {
		return []byte(text), nil
	}
	root := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(root)
	}
	return yaml.Marshal(root)
}

// put sets what is at a path, and makes what is missing on the way.
func put(value any, path ...string) change {
	return func(root map[string]any) {
		at := root
		for _, key := range path[:len(path)-1] {
			next, is := at[key].(map[string]any)
			if !is {
				next = map[string]any{}
				at[key] = next
			}
			at = next
		}
		at[path[len(path)-1]] = value
	}
}

// drop removes what is at a path.
func drop(path ...string) change {
	return func(root map[string]any) {
		at := root
		for _, key := range path[:len(path)-1] {
			at, _ = at[key].(map[string]any)
		}
		delete(at, path[len(path)-1])
	}
}
