package validate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

func TestNewRefusesHalfARule(t *testing.T) {
	whole := *rules.UndefinedSubset
	tests := map[string]func(*rule.Rule){
		"lacks a name":      func(r *rule.Rule) { r.Name = "" },
		"lacks":             func(r *rule.Rule) { r.Run = nil },
		"is not documented": func(r *rule.Rule) { r.Doc.Fix = "" },
		"two rules are":     func(*rule.Rule) {},
	}
	for want, spoil := range tests {
		half := whole
		spoil(&half)
		if _, err := validate.New(&whole, &half); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// TestEveryRuleIsAccepted is what serve and validate rely on at their start.
func TestEveryRuleIsAccepted(t *testing.T) {
	if _, err := validate.New(rules.All()...); err != nil {
		t.Error(err)
	}
}

// TestOldCountsMoreThanTheSnapshot checks that a change is judged against the
// state that the API server says is stored, when the snapshot lags behind.
func TestOldCountsMoreThanTheSnapshot(t *testing.T) {
	engine, err := validate.New(rules.UndefinedSubset)
	if err != nil {
		t.Fatal(err)
	}
	service := decode(t, mesh.KindService, `{"metadata":{"name":"x","namespace":"a"}}`)
	both := decode(t, mesh.KindDestinationRule, `{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"x","subsets":[{"name":"v1"},{"name":"v2"}]}}`)
	one := decode(t, mesh.KindDestinationRule, `{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"x","subsets":[{"name":"v1"}]}}`)
	route := decode(t, mesh.KindVirtualService, `{"metadata":{"name":"x","namespace":"a"},"spec":{"hosts":["x"],"http":[{"route":[{"destination":{"host":"x","subset":"v2"}}]}]}}`)
	snapshot := mesh.Empty(mesh.DefaultConfig()).Apply(mesh.Change{New: service}, mesh.Change{New: route}, mesh.Change{New: one})

	// The snapshot does not know yet that v2 was added; taking it away again is new.
	if v := engine.Change(snapshot, mesh.Change{Old: both, New: one}); len(v.Introduced) != 1 {
		t.Errorf("taking v2 away: %+v", v)
	}
	// The snapshot does not know yet that the rule was deleted; creating it mends.
	if v := engine.Change(snapshot, mesh.Change{New: both}); len(v.Introduced) != 0 || len(v.Fixed) != 1 {
		t.Errorf("creating the rule: %+v", v)
	}
	if v := engine.Change(snapshot, mesh.Change{Old: one, New: one}); len(v.Introduced)+len(v.Fixed)+len(v.Standing) != 0 {
		t.Errorf("no change: %+v", v)
	}
}

// TestSeverityDecidesWhatIsNew checks that of two routes to one missing subset the
// one that carries traffic is told from the one that carries none.
func TestSeverityDecidesWhatIsNew(t *testing.T) {
	engine, err := validate.New(rules.UndefinedSubset)
	if err != nil {
		t.Fatal(err)
	}
	const idle, live = `{"destination":{"host":"x","subset":"v3"},"weight":0}`, `{"destination":{"host":"x","subset":"v3"},"weight":50}`
	route := func(destinations string) *mesh.Object {
		text := `{"metadata":{"name":"x","namespace":"a"},"spec":{"hosts":["x"],"http":[{"route":[{"destination":{"host":"x"},"weight":50},` + destinations + `]}]}}`
		return decode(t, mesh.KindVirtualService, text)
	}
	service := decode(t, mesh.KindService, `{"metadata":{"name":"x","namespace":"a"}}`)
	snapshot := mesh.Empty(mesh.DefaultConfig()).Apply(mesh.Change{New: service})
	tests := []struct {
		name, from, to string
		want           []rule.Severity
	}{
		{"an idle route above a standing fault", live, idle + "," + live, []rule.Severity{rule.Warning}},
		{"a live route above an idle one", idle, live + "," + idle, []rule.Severity{rule.Error}},
		{"a weight is raised", idle, live, nil},
		{"a weight is taken away", live, idle, nil},
	}
	for _, test := range tests {
		var got []rule.Severity
		for _, f := range engine.Change(snapshot, mesh.Change{Old: route(test.from), New: route(test.to)}).Introduced {
			got = append(got, f.Severity)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: introduced %v, want %v", test.name, got, test.want)
		}
	}
}

// TestDeclaringAHostBlamesNobody checks that whoever creates a Service is not
// refused for a route of somebody else that fails already.
func TestDeclaringAHostBlamesNobody(t *testing.T) {
	engine, err := validate.New(rules.UndefinedSubset)
	if err != nil {
		t.Fatal(err)
	}
	settings := mesh.DefaultConfig()
	settings.Complete = true
	snapshot := mesh.Empty(settings).Apply(
		mesh.Change{New: decode(t, mesh.KindDestinationRule, `{"metadata":{"name":"x","namespace":"tenant"},"spec":{"host":"x.a.svc.cluster.local","subsets":[{"name":"v1"}]}}`)},
		mesh.Change{New: decode(t, mesh.KindVirtualService, `{"metadata":{"name":"x","namespace":"tenant"},"spec":{"hosts":["x.com"],"http":[{"route":[{"destination":{"host":"x.a.svc.cluster.local","subset":"v1"}}]}]}}`)},
	)
	service := decode(t, mesh.KindService, `{"metadata":{"name":"x","namespace":"a"}}`)
	for _, f := range engine.Change(snapshot, mesh.Change{New: service}).Introduced {
		t.Errorf("introduced: %s", f.Title())
	}
}

func decode(t *testing.T, kind mesh.Kind, text string) *mesh.Object {
	t.Helper()
	object, err := mesh.Decode(kind, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}
