package selection_test

import (
	"testing"

	"github.com/meshward/meshward/pkg/mutate"
	"github.com/meshward/meshward/pkg/selection"
)

// The injector reads from the path what it was made of.
func TestPathTellsTheInjectorWherePodsAre(t *testing.T) {
	for _, c := range []struct{ cluster, network, path string }{
		{"", "", "/inject"},
		{"west", "", "/inject/cluster/west"},
		{"", "net-2", "/inject/net/net-2"},
		{"west.example.com", "vpc/net/2", "/inject/cluster/west.example.com/net/vpc--slash--net--slash--2"},
	} {
		configurations, err := selection.Options{Cluster: c.cluster, Network: c.network, Tags: []string{"prod"}}.Configurations()
		if err != nil {
			t.Fatal(err)
		}
		for _, configuration := range configurations {
			for _, webhook := range configuration.Webhooks {
				if got := *webhook.ClientConfig.Service.Path; got != c.path {
					t.Errorf("%s asks at %s, want %s", webhook.Name, got, c.path)
				}
			}
		}
		variables := mutate.VariablesOf(c.path)
		if variables["ISTIO_META_CLUSTER_ID"] != c.cluster || variables["ISTIO_META_NETWORK"] != c.network {
			t.Errorf("%s says %v", c.path, variables)
		}
	}
}
