package templates_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshward/meshward/pkg/templates"
)

var update = flag.Bool("update", false, "rewrite the wanted part of every case in testdata")

// TestRender renders the template of each archive in testdata. The archive wants
// one line for every element of the overlay, or the error.
func TestRender(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome(string(archive.Files[0].Data))
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Errorf("outcome differs (-want +got); run with -update if it should:\n%s", diff)
			}
		})
	}
}

// outcome describes what the template adds to the pod of sample.
func outcome(text string) string {
	template, err := templates.Parse("template.yaml", text)
	if err != nil {
		return fmt.Sprintf("error: %v\n", err)
	}
	overlay, err := template.Render(sample())
	if err != nil {
		return fmt.Sprintf("error: %v\n", err)
	}
	var lines strings.Builder
	for _, list := range []struct {
		name     string
		elements []templates.Element
	}{
		{"label", of(overlay.Labels)},
		{"annotation", of(overlay.Annotations)},
		{"init container", elements(overlay.InitContainers)},
		{"container", elements(overlay.Containers)},
		{"volume", overlay.Volumes},
		{"pull secret", overlay.ImagePullSecrets},
	} {
		for _, element := range list.elements {
			fmt.Fprintf(&lines, "%s %s: %s\n", list.name, element.Name, element.JSON)
		}
	}
	for _, field := range overlay.Unknown {
		fmt.Fprintf(&lines, "unknown: %s\n", field)
	}
	if !overlay.Plain {
		fmt.Fprintln(&lines, "to be merged")
	}
	return lines.String()
}

// of are labels or annotations as elements.
func of(pairs []templates.Pair) []templates.Element {
	var all []templates.Element
	for _, pair := range pairs {
		encoded, err := json.Marshal(pair.Value)
		if err != nil {
			panic(err) // a string always has an encoding
		}
		all = append(all, templates.Element{Name: pair.Key, JSON: encoded})
	}
	return all
}

// elements are containers without what they say.
func elements(containers []templates.Container) []templates.Element {
	var all []templates.Element
	for _, c := range containers {
		all = append(all, c.Element)
	}
	return all
}

// sample returns the data of a small pod, in a tree of the caller's own.
func sample() *templates.Data {
	return &templates.Data{
		TypeMeta:       metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		DeploymentMeta: types.NamespacedName{Namespace: "shop", Name: "web"},
		ObjectMeta:     &metav1.ObjectMeta{Name: "web-7f-x2", Labels: map[string]string{"app": "web"}},
		Spec:           &corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}}},
		ProxyConfig:    templates.DefaultMesh().DefaultConfig,
		MeshConfig:     templates.DefaultMesh(),
		Values:         templates.DefaultValues().Map(),
		Revision:       "default",
		ProxyImage:     "docker.io/istio/proxyv2:1.31.1",
		ProxyInitImage: "docker.io/istio/proxyv2:1.31.1",
	}
}
