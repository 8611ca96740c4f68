package monitoring_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what of one is looked at.
type dashboard struct {
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Panels        []panel
	Templating    struct {
		List []struct{ Name, Definition string }
	}
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		Expr, LegendFormat string
		Datasource         struct{ UID string }
	}
}

// graphs are the types of panels, as Grafana calls them since its version 9.
var graphs = []string{"row", "stat", "timeseries", "heatmap"}

var (
	labelInLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)
	labelValues   = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
)

// TestDashboard holds each panel to the metrics that there are, and its legend to the labels
// that its series have.
func TestDashboard(t *testing.T) {
	var board dashboard
	if err := json.Unmarshal([]byte(read(t, "config/monitoring/dashboard.json")), &board); err != nil {
		t.Fatal(err)
	}
	if board.UID != "meshward" || board.SchemaVersion < 39 || len(board.Panels) < 20 {
		t.Errorf("the dashboard %q of schema %d has %d panels", board.UID, board.SchemaVersion, len(board.Panels))
	}
	known := metrics(t)
	plain := strings.NewReplacer("$__rate_interval", "5m", "$job", ".+")
	var ids []int
	for i, p := range board.Panels {
		if slices.Contains(ids, p.ID) || !slices.Contains(graphs, p.Type) || p.Title == "" {
			t.Errorf("panel %d (%s) has the id %d and the type %q", i, p.Title, p.ID, p.Type)
		}
		ids = append(ids, p.ID)
		for _, other := range board.Panels[:i] {
			if overlap(p, other) {
				t.Errorf("%s lies over %s", p.Title, other.Title)
			}
		}
		if p.Type != "row" && (len(p.Targets) == 0 || p.Description == "") {
			t.Errorf("%s has no query or no description", p.Title)
		}
		for _, target := range p.Targets {
			carried, wrong := mistakes(known, plain.Replace(target.Expr))
			for _, mistake := range wrong {
				t.Errorf("%s: %s", p.Title, mistake)
			}
			for _, label := range labelInLegend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(carried, label[1]) {
					t.Errorf("%s: the legend says %s, and no series of %s does", p.Title, label[1], target.Expr)
				}
			}
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("%s asks the data source %q", p.Title, target.Datasource.UID)
			}
		}
	}
	for _, variable := range board.Templating.List {
		if variable.Definition == "" {
			continue
		}
		parts := labelValues.FindStringSubmatch(variable.Definition)
		if parts == nil {
			t.Fatalf("%s is %q", variable.Name, variable.Definition)
		}
		if carried, wrong := mistakes(known, parts[1]); len(wrong) > 0 || !slices.Contains(carried, parts[2]) {
			t.Errorf("%s is %q: %v", variable.Name, variable.Definition, wrong)
		}
	}
}

func overlap(a, b panel) bool {
	p, q := a.GridPos, b.GridPos
	return p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H
}
