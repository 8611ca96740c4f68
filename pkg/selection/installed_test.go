package selection_test

import (
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshward/meshward/pkg/selection"
)

// Whoever asks the configurations in a cluster gets the answer that the API server gives.
func TestAskings(t *testing.T) {
	options := selection.Options{Revision: "canary", Tags: []string{"prod"}, Exclude: []string{"kept-out"}}
	configurations, err := options.Configurations()
	if err != nil {
		t.Fatal(err)
	}
	var installed selection.Installed
	for _, configuration := range configurations {
		if !labels.SelectorFromSet(selection.LabelsOf("canary")).Matches(labels.Set(configuration.Labels)) {
			t.Errorf("%s is not found by its revision", configuration.Name)
		}
		installed.List.Items = append(installed.List.Items, *configuration)
	}
	askings, unknown, err := installed.Askings()
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	byConfiguration := apply(t, []selection.Options{options})
	for _, c := range everything() {
		asks := slices.ContainsFunc(askings, func(a selection.Asking) bool {
			return a.Namespaces.Matches(c.namespaceLabels()) && a.Pods.Matches(c.podLabels())
		})
		if want := len(byConfiguration.sent(c)) > 0; asks != want {
			t.Fatalf("%+v asks: %t, want %t", c, asks, want)
		}
	}
}

// What CEL says is not known, and a selector that is not there is one that selects all.
func TestAskingsOfOthers(t *testing.T) {
	var installed selection.Installed
	installed.List.Items = []admissionregistrationv1.MutatingWebhookConfiguration{{Webhooks: []admissionregistrationv1.MutatingWebhook{
		{Name: "all"},
		{Name: "some", MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "a", Expression: "false"}}},
	}}}
	askings, unknown, err := installed.Askings()
	if err != nil {
		t.Fatal(err)
	}
	if len(askings) != 1 || !askings[0].Pods.Matches(labels.Set{}) || !askings[0].Namespaces.Matches(labels.Set{}) {
		t.Errorf("%v", askings)
	}
	if want := []string{": some"}; !slices.Equal(unknown, want) {
		t.Errorf("unknown are %q, want %q", unknown, want)
	}
}
