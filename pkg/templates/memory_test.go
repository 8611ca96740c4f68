package templates_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/templates"
)

func TestRenderRemembersTheText(t *testing.T) {
	template := templates.Embedded().Template("sidecar")
	first := render(t, template, sample())
	other := sample()
	other.DeploymentMeta.Name, other.ObjectMeta.Labels["app"] = "shop", "shop"
	alike := render(t, template, other)
	if &alike.Volumes[0] != &first.Volumes[0] {
		t.Error("texts that are alike were parsed twice")
	}
	if cmp.Equal(alike.Labels, first.Labels) || cmp.Equal(alike.Containers, first.Containers) {
		t.Error("another text came to the same overlay")
	}
	other.NativeSidecars = true
	if unlike := render(t, template, other); &unlike.Volumes[0] == &first.Volumes[0] {
		t.Error("texts of other forms came to one")
	}
}

// Pods decide what is rendered, so what is remembered must not grow with them.
func TestRenderForgets(t *testing.T) {
	template, err := templates.Parse("template.yaml", `metadata: {labels: {a: {{ toJson .ObjectMeta.Name }} }}`)
	if err != nil {
		t.Fatal(err)
	}
	data := sample()
	first := render(t, template, data)
	for i := range 1024 {
		other := sample()
		other.ObjectMeta.Name = fmt.Sprint("other-", i)
		render(t, template, other)
	}
	if render(t, template, data) == first {
		t.Error("1024 later texts have not displaced the first")
	}
	data.ObjectMeta.Name = strings.Repeat("a", 1<<20)
	long := render(t, template, data)
	if render(t, template, data) == long {
		t.Error("a text of 1 MiB was remembered")
	}
}

func render(t *testing.T, template *templates.Template, data *templates.Data) *templates.Overlay {
	t.Helper()
	overlay, err := template.Render(data)
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}
