package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshward/meshward/pkg/missing"
	"github.com/meshward/meshward/pkg/policy"
)

const metricsPage = "../../docs/metrics.md"

// TestMetricsPage holds the tables of docs/metrics.md to what serve registers. The dashboard
// and the alert rules are held to that page (test/monitoring).
func TestMetricsPage(t *testing.T) {
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	general := metrics.Registry
	defer func() { metrics.Registry = general }()
	ours := &register{Registry: prometheus.NewRegistry()}
	metrics.Registry = ours
	assembled(t)
	want := replaced(t, string(page), "meshward", ours.table())
	want = replaced(t, want, "process", processTable(t, general))
	if *update {
		if err := os.WriteFile(metricsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(want, string(page)); diff != "" {
		t.Errorf("docs/metrics.md is not fresh; run make generate (-want +got):\n%s", diff)
	}
}

// assembled puts a server together, with all that may be turned on, and never starts it.
func assembled(t *testing.T) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	config, err := policy.Open("", ruleNames(), metrics.Registry, log)
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	var s service
	s.certificates.add(flags)
	s.load.add(flags)
	s.mesh.add(flags)
	s.injector.add(flags)
	s.missing.add(flags)
	s.audit.add(flags)
	s.host, s.healthAddress, s.metricsAddress, s.missing.Mode = "127.0.0.1", "0", "0", missing.ModeReport
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.assemble(t.Context(), &rest.Config{Host: "https://127.0.0.1:1"}, config, log); err != nil {
		t.Fatal(err)
	}
}

// register remembers what is registered: of metrics without a series yet, a scrape says
// nothing.
type register struct {
	*prometheus.Registry

	all []prometheus.Collector
}

func (r *register) Register(c prometheus.Collector) error {
	r.all = append(r.all, c)
	return r.Registry.Register(c)
}

func (r *register) MustRegister(all ...prometheus.Collector) {
	r.all = append(r.all, all...)
	r.Registry.MustRegister(all...)
}

// row is what the page says of a metric.
type row struct{ name, kind, labels, help string }

// description is how a prometheus.Desc writes itself, which says more than it lets be asked.
var description = regexp.MustCompile(`^Desc\{fqName: "(.*?)", help: (".*"), constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)

func (r *register) table() string {
	rows := map[string]row{}
	for _, collector := range r.all {
		descs := make(chan *prometheus.Desc, 100)
		collector.Describe(descs)
		close(descs)
		for desc := range descs {
			found := rowOf(collector, desc)
			rows[found.name] = found
		}
	}
	var b strings.Builder
	b.WriteString("| metric | type | labels | says |\n|---|---|---|---|\n")
	for _, found := range slices.SortedFunc(maps.Values(rows), func(a, b row) int { return cmp.Compare(a.name, b.name) }) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", found.name, found.kind, found.labels, strings.ReplaceAll(found.help, "|", `\|`))
	}
	return b.String()
}

func rowOf(collector prometheus.Collector, desc *prometheus.Desc) row {
	parts := description.FindStringSubmatch(desc.String())
	if parts == nil {
		panic(desc.String())
	}
	var help string
	if _, err := fmt.Sscanf(parts[2], "%q", &help); err != nil {
		panic(err)
	}
	var labels []string
	for label := range strings.SplitSeq(parts[3]+","+parts[4], ",") {
		if name, _, _ := strings.Cut(label, "="); name != "" {
			labels = append(labels, "`"+name+"`")
		}
	}
	kind := "gauge"
	switch collector.(type) {
	case *prometheus.HistogramVec, prometheus.Histogram:
		kind = "histogram"
	default:
		if strings.HasSuffix(parts[1], "_total") {
			kind = "counter"
		}
	}
	return row{parts[1], kind, strings.Join(labels, ", "), help}
}

// processTable are the metrics of any Go program that the dashboard shows.
func processTable(t *testing.T, general prometheus.Gatherer) string {
	t.Helper()
	families, err := general.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | type | labels | says |\n|---|---|---|---|\n")
	shown := []string{"go_goroutines", "go_memstats_heap_inuse_bytes", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"}
	for _, family := range families {
		if slices.Contains(shown, family.GetName()) {
			fmt.Fprintf(&b, "| `%s` | %s |  | %s |\n", family.GetName(), strings.ToLower(family.GetType().String()), family.GetHelp())
		}
	}
	return b.String()
}

// replaced puts a table between the marks of a page.
func replaced(t *testing.T, page, name, table string) string {
	t.Helper()
	before, rest, begins := strings.Cut(page, "<!-- "+name+" -->\n")
	_, after, ends := strings.Cut(rest, "<!-- /"+name+" -->\n")
	if !begins || !ends {
		t.Fatalf("docs/metrics.md has no place for the table %s", name)
	}
	return before + "<!-- " + name + " -->\n" + table + "<!-- /" + name + " -->\n" + after
}
