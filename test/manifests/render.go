// Package manifests renders what is installed, by kustomize and by Helm.
package manifests

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Kustomize renders a folder of config/ as kubectl does, with components on top. It needs an
// empty folder for the kustomization that names them.
func Kustomize(folder string, components []string, empty string) ([]byte, error) {
	config, err := filepath.Rel(empty, filepath.Join(Root(), "config"))
	if err != nil {
		return nil, err
	}
	kustomization := map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
		"resources": []string{filepath.Join(config, folder)},
	}
	var named []string
	for _, component := range components {
		named = append(named, filepath.Join(config, "components", component))
	}
	kustomization["components"] = named
	text, err := yaml.Marshal(kustomization)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(empty, "kustomization.yaml"), text, 0o600); err != nil {
		return nil, err
	}
	return Build(empty)
}

// Build renders a folder as kubectl does.
func Build(folder string) ([]byte, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	resources, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	return resources.AsYaml()
}

// Helm renders the chart as "helm install --namespace" does.
func Helm(values map[string]any, namespace string) ([]byte, error) {
	chart, err := loader.Load(filepath.Join(Root(), "config", "chart"))
	if err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: "meshward", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") {
			fmt.Fprintf(&text, "---\n%s\n", files[name])
		}
	}
	return text.Bytes(), nil
}

// Objects are documents by kind, namespace and name.
type Objects map[string]map[string]any

// Read takes documents apart. Of two with one name it returns an error.
func Read(text []byte) (Objects, error) {
	objects := make(Objects)
	for document := range strings.SplitSeq("\n"+string(text), "\n---") {
		object := make(map[string]any)
		if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("%w in:\n%s", err, document)
		}
		if len(object) == 0 {
			continue
		}
		metadata, _ := object["metadata"].(map[string]any)
		name := fmt.Sprintf("%v %v/%v", object["kind"], metadata["namespace"], metadata["name"])
		if objects[name] != nil {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		objects[name] = object
	}
	return objects, nil
}
