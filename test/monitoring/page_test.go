// Package monitoring_test holds the dashboard, the alert rules, the runbooks and whatever else
// names metrics to those that there are.
package monitoring_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../.."

// metric is what docs/metrics.md says of one. That page is held to what serve registers by a
// test of the product.
type metric struct {
	kind   string
	labels []string
	help   string
}

var rowOfMetric = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (counter|gauge|histogram) \\| (.*?) \\| (.*) \\|$")

// metrics are those of docs/metrics.md, by name.
func metrics(t *testing.T) map[string]metric {
	t.Helper()
	all := map[string]metric{}
	for _, row := range rowOfMetric.FindAllStringSubmatch(read(t, "docs/metrics.md"), -1) {
		var labels []string
		for label := range strings.SplitSeq(row[3], ",") {
			if label = strings.Trim(label, " `"); label != "" {
				labels = append(labels, label)
			}
		}
		all[row[1]] = metric{kind: row[2], labels: labels, help: row[4]}
	}
	if len(all) < 30 {
		t.Fatalf("docs/metrics.md has %d metrics; its tables are not read", len(all))
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var nameOfMetric = regexp.MustCompile(`\bmeshward_[a-z_]+[a-z]\b`)

// TestPagesNameMetricsThatThereAre reads all of the documentation.
func TestPagesNameMetricsThatThereAre(t *testing.T) {
	known := metrics(t)
	var pages []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/runbooks/*.md", "config/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	named := 0
	for _, page := range pages {
		path := strings.TrimPrefix(page, root+"/")
		for _, name := range nameOfMetric.FindAllString(read(t, path), -1) {
			named++
			if _, is := series(known, name); !is {
				t.Errorf("%s names %s, which is no metric", path, name)
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names were found", named)
	}
}

// series is the metric of a series' name: a histogram has three series.
func series(known map[string]metric, name string) (metric, bool) {
	if found, is := known[name]; is {
		return found, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		if found, is := known[base]; cut && is && found.kind == "histogram" {
			if suffix == "_bucket" {
				found.labels = append(slices.Clone(found.labels), "le")
			}
			found.kind = "counter"
			return found, true
		}
	}
	return metric{}, false
}
