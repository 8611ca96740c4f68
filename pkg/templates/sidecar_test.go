package templates_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshward/meshward/pkg/templates"
)

// The proxy is a container of one list or of the other. Everything else about
// the embedded template shows in the cases of package mutate.
func TestSidecarPlacesTheProxy(t *testing.T) {
	for _, native := range []bool{true, false} {
		data := sample()
		data.NativeSidecars = native
		overlay, err := templates.Sidecar().Render(data)
		if err != nil {
			t.Fatal(err)
		}
		wantInit, wantContainers := []string{"istio-init"}, []string{"istio-proxy"}
		if native {
			wantInit, wantContainers = []string{"istio-init", "istio-proxy"}, nil
		}
		if diff := cmp.Diff(wantInit, names(overlay.InitContainers)); diff != "" {
			t.Errorf("native %t: init containers differ (-want +got):\n%s", native, diff)
		}
		if diff := cmp.Diff(wantContainers, names(overlay.Containers)); diff != "" {
			t.Errorf("native %t: containers differ (-want +got):\n%s", native, diff)
		}
	}
}

func names(elements []templates.Element) []string {
	var result []string
	for _, element := range elements {
		result = append(result, element.Name)
	}
	return result
}
