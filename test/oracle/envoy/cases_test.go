// Package envoy_test chooses routes in tables from files: testdata/<case>.yaml says which
// route each request takes, and which routes are taken by any that is made up.
package envoy_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/test/oracle/envoy"
)

type file struct {
	Table    map[string]any `json:"table"`
	Requests []struct {
		envoy.Request `json:",inline"`

		// Takes is the name of a route, empty where there is none.
		Takes string `json:"takes"`
	} `json:"requests"`
	// Taken are the names of all routes that made-up requests take, of all virtual hosts.
	Taken []string `json:"taken"`
}

func TestRoutes(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c file
			if err := yaml.UnmarshalStrict(text, &c); err != nil {
				t.Fatal(err)
			}
			test(t, c, table(t, c.Table))
		})
	}
}

func table(t *testing.T, fields map[string]any) *routev3.RouteConfiguration {
	raw, err := yaml.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = yaml.YAMLToJSON(raw); err != nil {
		t.Fatal(err)
	}
	table := &routev3.RouteConfiguration{}
	if err := protojson.Unmarshal(raw, table); err != nil {
		t.Fatal(err)
	}
	return table
}

func test(t *testing.T, c file, table *routev3.RouteConfiguration) {
	for _, request := range c.Requests {
		if takes := envoy.Route(table, request.Request).GetName(); takes != request.Takes {
			t.Errorf("%s takes %q, not %q", request.Request, takes, request.Takes)
		}
	}
	taken := map[string]bool{}
	for _, host := range table.GetVirtualHosts() {
		for _, request := range envoy.Requests(envoy.Place{Table: table, Host: host}) {
			if at := envoy.Host(table, request.Authority); at != host {
				t.Errorf("%s goes to %q, not %q", request, at.GetName(), host.GetName())
			}
			taken[envoy.Route(table, request).GetName()] = true
		}
	}
	if names := slices.Sorted(maps.Keys(taken)); !slices.Equal(names, c.Taken) {
		t.Errorf("made-up requests take %q, not %q", names, c.Taken)
	}
}
