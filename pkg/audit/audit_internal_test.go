package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/mesh"
	"github.com/meshward/meshward/pkg/validate/rule"
	"github.com/meshward/meshward/pkg/validate/rules"
)

// diary records what would be told.
type diary struct {
	told []string
	fail error
}

func (d *diary) Warn(_ context.Context, object mesh.Ref, reason, message string) error {
	if d.fail != nil {
		return d.fail
	}
	d.told = append(d.told, fmt.Sprintf("%s %s: %s", object, reason, message))
	return nil
}

// bench is an audit whose clock and source are in the test's hands.
type bench struct {
	*Audit
	diary    *diary
	registry *prometheus.Registry
	now      *mesh.Snapshot
	off      bool // whether somebody turned all rules off
}

func (b *bench) decide(_ *mesh.Snapshot, found []rule.Finding) []rule.Finding {
	if b.off {
		return nil
	}
	return found
}

func newBench(t *testing.T) *bench {
	t.Helper()
	engine, err := validate.New(rules.UndefinedSubset)
	if err != nil {
		t.Fatal(err)
	}
	settings := mesh.DefaultConfig()
	settings.Complete = true
	b := &bench{diary: &diary{}, registry: prometheus.NewRegistry(), now: mesh.Empty(settings)}
	b.Audit = New(Options{
		Engine: engine, Decide: b.decide, Recorder: b.diary, Interval: time.Hour,
		Metrics: NewMetrics(b.registry), Log: slog.New(slog.DiscardHandler),
	})
	return b
}

// change stores objects that are given as "kind name spec" and has them judged.
func (b *bench) change(t *testing.T, objects ...string) {
	t.Helper()
	var changed []mesh.Ref
	for _, text := range objects {
		kind, rest, _ := strings.Cut(text, " ")
		name, spec, _ := strings.Cut(rest, " ")
		object, err := mesh.Decode(mesh.Kind(kind), fmt.Appendf(nil, `{"metadata":{"name":%q,"namespace":"a"},"spec":%s}`, name, spec))
		if err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Apply(mesh.Change{New: object})
		changed = append(changed, object.Ref)
	}
	b.advance(b.now, changed)
}

// after tells everything that is due so much later.
func (b *bench) after(t *testing.T, later time.Duration) []string {
	t.Helper()
	b.diary.told = nil
	for range mostNotices + 1 {
		b.tellNext(t.Context(), time.Now().Add(later))
	}
	return b.diary.told
}

func (b *bench) errors(t *testing.T) float64 {
	t.Helper()
	return b.value(t, "meshward_findings", "error")
}

// value is the sum of the series of a metric that have a label's value.
func (b *bench) value(t *testing.T, metric, label string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		for _, series := range family.GetMetric() {
			for _, pair := range series.GetLabel() {
				if family.GetName() == metric && pair.GetValue() == label {
					sum += series.GetGauge().GetValue() + series.GetCounter().GetValue() + float64(series.GetHistogram().GetSampleCount())
				}
			}
		}
	}
	return sum
}

const (
	service = `Service x {}`
	one     = `DestinationRule x {"host":"x","subsets":[{"name":"v1"}]}`
	two     = `DestinationRule x {"host":"x","subsets":[{"name":"v1"},{"name":"v2"}]}`
	route   = `VirtualService x {"hosts":["x"],"http":[{"route":[{"destination":{"host":"x","subset":"v2"}}]}]}`
)

func TestAnErrorIsCountedAtOnceAndToldOnceItStands(t *testing.T) {
	b := newBench(t)
	b.change(t, service, one, route)
	if got := b.errors(t); got != 1 {
		t.Errorf("%v errors are counted, want 1", got)
	}
	if told := b.after(t, settle/2); len(told) > 0 {
		t.Errorf("told before it has settled: %q", told)
	}
	want := []string{`VirtualService a/x undefined-subset: route to subset "v2" of x.a.svc.cluster.local, which defines no such subset` +
		` (spec.http[0].route[0].destination.subset); every request matched by http[0] fails with 503 NC`}
	if told := b.after(t, settle); !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if told := b.after(t, 2*again); len(told) > 0 {
		t.Errorf("told twice: %q", told)
	}
	b.change(t, two)
	if got := b.errors(t); got != 0 {
		t.Errorf("%v errors are counted, want 0", got)
	}
	b.change(t, one)
	if told := b.after(t, settle); len(told) != 1 {
		t.Errorf("told %q when it came back", told)
	}
}

// TestWhatDoesNotLastIsNotTold is a route whose watch was ahead of its rule's.
func TestWhatDoesNotLastIsNotTold(t *testing.T) {
	b := newBench(t)
	b.change(t, service, route)
	b.change(t, two)
	if told := b.after(t, 2*settle); len(told) > 0 {
		t.Errorf("told %q", told)
	}
}

func TestSeveralFindingsOfOneObjectAreOneEvent(t *testing.T) {
	b := newBench(t)
	b.change(t, service, one, `VirtualService x {"hosts":["x"],"http":[{"route":[`+
		`{"destination":{"host":"x","subset":"v2"},"weight":1},{"destination":{"host":"x","subset":"v3"},"weight":1}]}]}`)
	if told := b.after(t, settle); len(told) != 1 || !strings.HasSuffix(told[0], "(+1 more)") {
		t.Errorf("told %q", told)
	}
}

func TestAFailedEventIsTriedAgain(t *testing.T) {
	b := newBench(t)
	b.diary.fail = errors.New("no")
	b.change(t, service, one, route)
	b.after(t, settle)
	b.diary.fail = nil
	if told := b.after(t, 2*settle); len(told) > 0 {
		t.Errorf("tried again at once: %q", told)
	}
	if told := b.after(t, settle+again); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// TestAStartIsNoFlood checks that of what stood at the start no more is told than
// the bound says, and that what was left out is counted.
func TestAStartIsNoFlood(t *testing.T) {
	b := newBench(t)
	objects := []string{service, one}
	for i := range mostAtStart + 10 {
		objects = append(objects, strings.Replace(route, "VirtualService x", fmt.Sprintf("VirtualService x-%d", i), 1))
	}
	b.change(t, objects...)
	if told := b.after(t, settle); len(told) != mostAtStart {
		t.Errorf("told %d, want %d", len(told), mostAtStart)
	}
	if got := b.errors(t); got != mostAtStart+10 {
		t.Errorf("%v errors are counted, want %d", got, mostAtStart+10)
	}
	if got := b.value(t, "meshward_audit_events_total", "left-out"); got != 10 {
		t.Errorf("%v are counted as left out, want 10", got)
	}
	b.change(t, strings.Replace(route, "VirtualService x", "VirtualService late", 1))
	if told := b.after(t, settle); len(told) != 1 {
		t.Errorf("told %d after the start, want 1", len(told))
	}
}

func TestAMessageIsOneShortLine(t *testing.T) {
	b := newBench(t)
	b.change(t, service, one, strings.Replace(route, `"v2"`, `"`+strings.Repeat("é", 4000)+`\n"`, 1))
	told := b.after(t, settle)
	if len(told) != 1 || len(told[0]) > 1024 || strings.ContainsAny(told[0], "\n") {
		t.Errorf("told %q", told)
	}
}

// TestWhatIsTurnedOffGoesAtTheNextPass changes what is decided about findings, which no
// object says.
func TestWhatIsTurnedOffGoesAtTheNextPass(t *testing.T) {
	b := newBench(t)
	b.again(time.Now()) // before anything is known there is nothing to judge
	b.change(t, service, one, route)
	b.off = true
	b.again(time.Now())
	if got := b.errors(t); got != 0 {
		t.Errorf("%v errors are counted, want 0", got)
	}
	if told := b.after(t, settle); len(told) > 0 {
		t.Errorf("told %q", told)
	}
	b.off = false
	b.again(time.Now())
	b.again(time.Now())
	if got := b.errors(t); got != 1 {
		t.Errorf("%v errors are counted, want 1", got)
	}
	if told := b.after(t, settle); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// burst is a source that changes without a pause.
type burst struct {
	now   *mesh.Snapshot
	taken int
}

func (s *burst) Next(ctx context.Context) (*mesh.Snapshot, []mesh.Ref, error) {
	s.taken++
	return s.now, nil, ctx.Err()
}

// TestABurstIsJudgedTogether lets a source change all the time: it is taken up once in a
// while, all of it is judged at each interval, and both end with the context.
func TestABurstIsJudgedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		source := &burst{now: b.now}
		b.Source = source
		ctx, cancel := context.WithTimeout(t.Context(), b.Interval+time.Second)
		defer cancel()
		if err := b.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if most := int((b.Interval+time.Second)/calm) + 2; source.taken > most {
			t.Errorf("changes were taken up %d times, want %d at most", source.taken, most)
		}
		if got := b.value(t, "meshward_audit_seconds", passOfAll); got != 1 {
			t.Errorf("all was judged %v times, want once", got)
		}
	})
}
