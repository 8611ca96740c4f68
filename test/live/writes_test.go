package live_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	conflictingHosts  = 20
	conflictingWrites = 200
	// toldWithin is how long the audit may take: Events wait until an error has
	// settled, and are written one by one.
	toldWithin = time.Minute
)

// TestConflictingWrites sends many writes at once: half of them create routes to
// subsets of a few hosts, half delete or shrink what defines these subsets.
// Admission judges each of them by what was stored before, so that some that
// exclude each other may get in. None of them may end in a state that is broken
// and of which nobody knows.
func TestConflictingWrites(t *testing.T) {
	s := open(t)
	to := s.api(t)
	for host := range conflictingHosts {
		name := hostName(host)
		s.must(t, to, "Service", name, fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q},"spec":{"ports":[{"name":"http","port":80}]}}`, name))
		s.must(t, to, "DestinationRule", name, ruleOf(name, 1, 2, 3, 4, 5))
	}
	writes := make([]func() error, conflictingWrites)
	for i := range writes {
		writes[i] = conflicting(t, to, i)
	}
	var refused atomic.Int64
	var writing sync.WaitGroup
	start := make(chan struct{})
	for _, write := range writes {
		writing.Go(func() {
			<-start
			if err := write(); err != nil {
				refused.Add(1)
				if !strings.HasPrefix(err.Error(), "403") {
					t.Error(err)
				}
			}
		})
	}
	close(start)
	writing.Wait()

	broken := s.broken(t)
	places := 0
	for _, faults := range broken {
		places += len(faults)
	}
	t.Logf("%d of %d writes were refused; %d errors slipped past admission", refused.Load(), conflictingWrites, places)
	s.counted(t, broken)
	s.told(t, to, broken)
}

// conflicting is one of the writes: routes take turns with what breaks them.
func conflicting(t *testing.T, to api, i int) func() error {
	t.Helper()
	host := hostName(i / 2 % conflictingHosts)
	turn := i / 2 / conflictingHosts // 0 to 4
	if i%2 == 0 {
		name := fmt.Sprintf("%s-%d", host, turn)
		route := fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":%q},`+
			`"spec":{"hosts":["%[1]s.example.com"],"http":[{"route":[{"destination":{"host":%[2]q,"subset":"v%[3]d"}}]}]}}`, name, host, 1+turn)
		return func() error { return to.apply(t.Context(), "VirtualService", name, []byte(route), "") }
	}
	if turn == 4 {
		return func() error { return to.delete(t.Context(), "DestinationRule", host) }
	}
	left := ruleOf(host, 1+turn)
	return func() error { return to.apply(t.Context(), "DestinationRule", host, []byte(left), "") }
}

func hostName(i int) string { return fmt.Sprintf("contested-%d", i) }

func ruleOf(host string, versions ...int) string {
	subsets := make([]string, 0, len(versions))
	for _, version := range versions {
		subsets = append(subsets, fmt.Sprintf(`{"name":"v%d","labels":{"version":"v%[1]d"}}`, version))
	}
	return fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":%q},"spec":{"host":%[1]q,"subsets":[%[2]s]}}`,
		host, strings.Join(subsets, ","))
}

func (s *stage) must(t *testing.T, to api, kind, name, object string) {
	t.Helper()
	if err := to.apply(t.Context(), kind, name, []byte(object), ""); err != nil {
		t.Fatal(err)
	}
}

// fault is what an Event is about.
type fault struct{ Rule, Kind, Namespace, Name string }

// broken reads everything that is stored and returns the errors that the command
// line finds there, by rule: each as often as there are places.
func (s *stage) broken(t *testing.T) map[string][]fault {
	t.Helper()
	var stored struct{ Items []json.RawMessage }
	all := s.kubectl(t, "", "get", "services,virtualservices,destinationrules,serviceentries,gateways.networking.istio.io", "--all-namespaces", "-o", "json")
	if err := json.Unmarshal([]byte(all), &stored); err != nil {
		t.Fatal(err)
	}
	judge := s.Command(t.Context(), s.door.Binary, "validate", "--complete", "--fail-on", "never", "-o", "json", "-")
	judge.Stdin = strings.NewReader(string(bytes.Join(asBytes(stored.Items), []byte("\n---\n"))))
	out, err := judge.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr(err))
	}
	var report struct {
		Findings []struct {
			Rule, Severity string
			Object         struct{ Kind, Namespace, Name string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	broken := map[string][]fault{}
	for _, f := range report.Findings {
		if f.Severity == "error" {
			broken[f.Rule] = append(broken[f.Rule], fault{f.Rule, f.Object.Kind, f.Object.Namespace, f.Object.Name})
		}
	}
	return broken
}

func asBytes(items []json.RawMessage) [][]byte {
	list := make([][]byte, 0, len(items))
	for _, item := range items {
		list = append(list, item)
	}
	return list
}

var findingsMetric = regexp.MustCompile(`(?m)^meshward_findings\{rule="([^"]+)",severity="error"\} (\d+)$`)

// counted waits until the metric says what is broken, and nothing else.
func (s *stage) counted(t *testing.T, broken map[string][]fault) {
	t.Helper()
	want := map[string]int{}
	for rule, faults := range broken {
		want[rule] = len(faults)
	}
	within(t, func() error {
		text, err := fetch(t, s.door.Metrics)
		got := map[string]int{}
		for _, match := range findingsMetric.FindAllStringSubmatch(text, -1) {
			if count, _ := strconv.Atoi(match[2]); count > 0 {
				got[match[1]] = count
			}
		}
		if err == nil && !maps.Equal(got, want) {
			err = fmt.Errorf("the metric counts %v, and %v is broken", got, want)
		}
		return err
	})
}

// told waits until each broken object has its Event.
func (s *stage) told(t *testing.T, to api, broken map[string][]fault) {
	t.Helper()
	within(t, func() error {
		text, err := fetch(t, to.url+"/api/v1/events")
		if err != nil {
			return err
		}
		var events struct {
			Items []struct {
				Reason         string
				InvolvedObject struct{ Kind, Namespace, Name string }
			}
		}
		if err := json.Unmarshal([]byte(text), &events); err != nil {
			return err
		}
		told := map[fault]bool{}
		for _, e := range events.Items {
			told[fault{e.Reason, e.InvolvedObject.Kind, e.InvolvedObject.Namespace, e.InvolvedObject.Name}] = true
		}
		for _, faults := range broken {
			for _, f := range faults {
				if !told[f] {
					return fmt.Errorf("no Event of %v", f)
				}
			}
		}
		return nil
	})
}

// within asks again and again until there is no error.
func within(t *testing.T, check func() error) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(toldWithin); ; <-tick.C {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", toldWithin, err)
		}
	}
}
