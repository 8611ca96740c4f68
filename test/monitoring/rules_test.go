package monitoring_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"sigs.k8s.io/yaml"
)

// runbooks is where the pages of the alerts are read.
const runbooks = "https://github.com/meshward/meshward/blob/main/docs/runbooks/"

// alerts are those of config/monitoring/rules.yaml, read as Prometheus reads a file of rules.
func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	var object struct {
		Spec any `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "config/monitoring/rules.yaml")), &object); err != nil {
		t.Fatal(err)
	}
	file, err := yaml.Marshal(object.Spec)
	if err != nil {
		t.Fatal(err)
	}
	groups, wrong := rulefmt.Parse(file, false, model.UTF8Validation, promql)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

var labelInText = regexp.MustCompile(`\$labels\.(\w+)`)

// TestAlerts holds each alert to the metrics that there are, and its texts to the labels
// that it has.
func TestAlerts(t *testing.T) {
	known := metrics(t)
	for _, alert := range alerts(t) {
		carried, wrong := mistakes(known, alert.Expr)
		for _, mistake := range wrong {
			t.Errorf("%s: %s", alert.Alert, mistake)
		}
		for _, text := range []string{alert.Annotations["summary"], alert.Annotations["description"]} {
			if text == "" {
				t.Errorf("%s lacks a text", alert.Alert)
			}
			for _, label := range labelInText.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(carried, label[1]) {
					t.Errorf("%s has no label %s: %s", alert.Alert, label[1], text)
				}
			}
		}
		if !slices.Contains([]string{"warning", "critical"}, alert.Labels["severity"]) {
			t.Errorf("%s is of severity %q", alert.Alert, alert.Labels["severity"])
		}
	}
}

// TestEveryAlertHasItsPage holds alerts and pages to each other.
func TestEveryAlertHasItsPage(t *testing.T) {
	index := read(t, "docs/runbooks/README.md")
	want := []string{"README.md"}
	for _, alert := range alerts(t) {
		page := alert.Alert + ".md"
		want = append(want, page)
		if alert.Annotations["runbook_url"] != runbooks+page {
			t.Errorf("%s leads to %q", alert.Alert, alert.Annotations["runbook_url"])
		}
		text := read(t, "docs/runbooks/"+page)
		for _, part := range []string{"# " + alert.Alert + "\n", "\n## Symptom\n", "\n## Why\n", "\n## What to look at\n", "\n## What to do\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q", page, part)
			}
		}
		if !strings.Contains(index, "| ["+alert.Alert+"]("+page+") | "+alert.Labels["severity"]+" |") {
			t.Errorf("README.md does not list %s", alert.Alert)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "docs/runbooks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(want, entry.Name()) {
			t.Errorf("docs/runbooks/%s is for no alert", entry.Name())
		}
	}
}
