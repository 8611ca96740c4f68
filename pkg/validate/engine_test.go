package validate_test

import (
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
	decode := func(kind mesh.Kind, text string) *mesh.Object {
		object, err := mesh.Decode(kind, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return object
	}
	service := decode(mesh.KindService, `{"metadata":{"name":"x","namespace":"a"}}`)
	both := decode(mesh.KindDestinationRule, `{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"x","subsets":[{"name":"v1"},{"name":"v2"}]}}`)
	one := decode(mesh.KindDestinationRule, `{"metadata":{"name":"x","namespace":"a"},"spec":{"host":"x","subsets":[{"name":"v1"}]}}`)
	route := decode(mesh.KindVirtualService, `{"metadata":{"name":"x","namespace":"a"},"spec":{"hosts":["x"],"http":[{"route":[{"destination":{"host":"x","subset":"v2"}}]}]}}`)
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
