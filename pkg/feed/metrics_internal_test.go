package feed

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// TestHoldings follows what metrics tell of a kind: nothing known, read, changed, and then
// only heard of.
func TestHoldings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(nil, mesh.DefaultConfig(), slog.New(slog.DiscardHandler))
		services := storeOf(f, mesh.KindService)
		object := func(name string, ports any) *unstructured.Unstructured {
			return &unstructured.Unstructured{Object: service(name, ports)}
		}
		start := time.Now()
		for _, step := range []struct {
			name string
			do   func() error
			want string // objects, skipped, synced, and seconds from the start to the last event
		}{
			{"start", func() error { return nil }, "0 0 0"},
			{"list", func() error {
				return services.Replace([]any{object("x", nil), object("y", nil), object("odd", "none")}, "")
			}, "2 1 1 0"},
			{"again", func() error { return services.Update(object("x", nil)) }, "2 1 1 0"},
			{"odd", func() error { return services.Add(object("odd", "none")) }, "2 2 1 0"},
			{"add", func() error { return services.Add(object("z", nil)) }, "3 2 1 0"},
			{"delete", func() error { return services.Delete(object("x", nil)) }, "2 2 1 0"},
			{"delete what is not there", func() error { return services.Delete(object("x", nil)) }, "2 2 1 0"},
			{"bookmark", func() error { time.Sleep(time.Minute); services.UpdateResourceVersion("7"); return nil }, "2 2 1 60"},
			{"gone", func() error { return services.Replace(nil, "") }, "0 2 1 60"},
		} {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			if got := held(t, f, start); got != step.want {
				t.Errorf("%s: %s, want %s", step.name, got, step.want)
			}
		}
	})
}

// held is what metrics tell of Services.
func held(t *testing.T, f *Feed, start time.Time) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	f.Register(registry)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, series := range family.GetMetric() {
			if len(series.GetLabel()) == 1 && series.GetLabel()[0].GetValue() == string(mesh.KindService) {
				values[family.GetName()] = series.GetGauge().GetValue() + series.GetCounter().GetValue()
			}
		}
	}
	text := fmt.Sprint(values["meshward_snapshot_objects"], values["meshward_snapshot_skipped_objects_total"], values["meshward_snapshot_synced"])
	if heard, is := values["meshward_snapshot_last_event_timestamp_seconds"]; is {
		text += fmt.Sprint(" ", heard-float64(start.Unix()))
	}
	return text
}

// TestNothingOfObjectsIsLogged stores objects that cannot be read and hold a secret: what is
// logged names them, and the field where that can be told.
func TestNothingOfObjectsIsLogged(t *testing.T) {
	var log bytes.Buffer
	f := newFeed(nil, mesh.DefaultConfig(), slog.New(slog.NewTextHandler(&log, nil)))
	for _, c := range []struct {
		kind mesh.Kind
		spec any
	}{
		{mesh.KindService, map[string]any{"ports": "s3cr3t"}},
		{mesh.KindService, "s3cr3t"},
		{mesh.KindIngress, map[string]any{"rules": map[string]any{"s3cr3t": "s3cr3t"}}},
		{mesh.KindServiceEntry, map[string]any{"resolution": "s3cr3t"}},
		{mesh.KindVirtualService, map[string]any{"http": []any{map[string]any{"timeout": "s3cr3t"}}}},
		{mesh.KindDestinationRule, map[string]any{"trafficPolicy": map[string]any{"loadBalancer": map[string]any{"simple": "s3cr3t"}}}},
	} {
		object := map[string]any{"metadata": map[string]any{"namespace": "a", "name": "x"}, "spec": c.spec}
		if err := storeOf(f, c.kind).Add(&unstructured.Unstructured{Object: object}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		_, line, _ = strings.Cut(line, "msg=")
		got = append(got, strings.TrimSpace(line))
	}
	const other = `reason="it does not fit the schema of its kind; meshward audit says more"`
	want := []string{
		`"an object was skipped" object="Service a/x" reason="field spec.ports is not of type []v1.ServicePort"`,
		`"an object was skipped" object="Service a/x" reason="field spec is not of type v1.ServiceSpec"`,
		`"an object was skipped" object="Ingress a/x" reason="field spec.rules is not of type []v1.IngressRule"`,
		`"an object was skipped" object="ServiceEntry a/x" ` + other,
		`"an object was skipped" object="VirtualService a/x" ` + other,
		`"an object was skipped" object="DestinationRule a/x" ` + other,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}
