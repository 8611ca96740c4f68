package inject

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Way is how an injector is used.
type Way string

// The ways there are.
const (
	CommandLine Way = "command-line"
	Webhook     Way = "webhook"
)

var ways = []Way{CommandLine, Webhook}

// Compared is what both sides made of a workload.
type Compared struct {
	Way         Way
	Istio, Ours Outcome
	// At says in a few words where the two differ, so that differences of one sort can be
	// told from others; empty where they are the same.
	At string
	// Diff shows it; lines with a minus are Istio's.
	Diff string
	// First and Second are what the two came to, as text.
	First, Second string
	// Undecided says that Istio gives one answer now and another then, and one of them is
	// meshward's.
	Undecided bool
	// Known is the name of the known difference that this is.
	Known string
}

// Differs reports whether there is a difference that nobody knows of.
func (c *Compared) Differs() bool { return c.At != "" && c.Known == "" && !c.Undecided }

// Pair are the two sides of a comparison.
type Pair struct{ Istio, Ours Side }

// Compare asks both sides about a workload.
func (p *Pair) Compare(c *gen.Case, way Way) (*Compared, error) {
	got, err := p.compareOnly(c, way)
	if err != nil || got.At == "" {
		return got, err
	}
	if got.Undecided, err = p.undecided(c, got); err != nil || got.Undecided {
		return got, err
	}
	got.Known, err = p.known(c, got)
	return got, err
}

// compareOnly is Compare without a look at what is known.
func (p *Pair) compareOnly(c *gen.Case, way Way) (*Compared, error) {
	f, err := files.Of(c.Installation, c.Native)
	if err != nil {
		return nil, err
	}
	got := &Compared{Way: way, Istio: outcome(p.Istio, f, c, way), Ours: outcome(p.Ours, f, c, way)}
	got.compare(c)
	return got, nil
}

// outcome is what came of asking one side.
func outcome(side Side, f *files.Files, c *gen.Case, way Way) Outcome {
	return ask(func() ([]byte, string, error) {
		if way == Webhook {
			return side.Webhook(f, c.Request)
		}
		out, _, err := side.CommandLine(f, c.Manifest)
		return out, "", err
	})
}

// compare fills in the difference. Two refusals are the same, whatever their words; a
// panic is no refusal.
func (c *Compared) compare(of *gen.Case) {
	switch first, second := c.Istio.refused(), c.Ours.refused(); {
	case c.Ours.Panic != "":
		c.told("meshward panics")
	case first && second:
	case first:
		c.told("only Istio refuses: " + shape(c.Istio.why()))
	case second:
		c.told("only meshward refuses: " + shape(c.Ours.why()))
	case c.Way == CommandLine:
		c.compareTexts()
	default:
		c.comparePods(of.Request.Pod)
	}
}

// told makes the difference one of words.
func (c *Compared) told(at string) {
	c.At, c.First, c.Second = at, c.Istio.why(), c.Ours.why()
	c.Diff = "- " + c.First + "\n+ " + c.Second + "\n"
}

// shape is the beginning of a text, without what differs between texts of one shape.
func shape(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 90 {
		text = text[:90]
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, text)
}

// compareTexts wants the same bytes.
func (c *Compared) compareTexts() {
	c.First, c.Second = string(c.Istio.Text), string(c.Ours.Text)
	if c.First == c.Second {
		return
	}
	first, second := documents(c.First), documents(c.Second)
	if c.At = places(first, second); c.At == "" {
		c.At = "layout"
	}
	c.Diff = cmp.Diff(c.First, c.Second)
}

// documents are those of a file, decoded.
func documents(text string) any {
	var all []any
	for document := range strings.SplitSeq(text, "---\n") {
		var tree any
		if err := yaml.Unmarshal([]byte(document), &tree); err != nil {
			tree = document
		}
		all = append(all, tree)
	}
	return all
}

// comparePods wants equal pods after both patches, and after what the API server does next.
func (c *Compared) comparePods(original []byte) {
	first, firstErr := patched(original, c.Istio.Text)
	second, secondErr := patched(original, c.Ours.Text)
	if firstErr != nil || secondErr != nil {
		if (firstErr == nil) != (secondErr == nil) {
			c.Istio.Err, c.Ours.Err = firstErr, secondErr
			c.told("a patch does not apply")
		}
		return
	}
	mountToken(first)
	mountToken(second)
	if equality.Semantic.DeepEqual(first, second) {
		return
	}
	c.First, c.Second = text(first), text(second)
	c.At = places(documents(c.First), documents(c.Second))
	if c.At == "" {
		return // They differ in what is empty.
	}
	c.Diff = cmp.Diff(c.First, c.Second)
}

// patched is the pod after a patch.
func patched(original, patch []byte) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	if len(patch) > 0 {
		operations, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			return nil, err
		}
		if original, err = operations.Apply(original); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal(original, pod); err != nil {
		return nil, err
	}
	return pod, nil
}

func text(object any) string {
	raw, err := yaml.Marshal(object)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// places are the first few places at which two trees differ, without the numbers of
// items in lists.
func places(first, second any) string {
	var all []string
	differing(first, second, "", &all)
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 3 {
		all = append(all[:3], fmt.Sprintf("and %d more", len(all)-3))
	}
	return strings.Join(all, ", ")
}

func differing(first, second any, at string, all *[]string) {
	switch first := first.(type) {
	case map[string]any:
		if second, is := second.(map[string]any); is {
			for key := range first {
				differing(first[key], second[key], at+"."+key, all)
			}
			for key := range second {
				if _, both := first[key]; !both {
					*all = append(*all, at+"."+key)
				}
			}
			return
		}
	case []any:
		if second, is := second.([]any); is {
			for i := range min(len(first), len(second)) {
				differing(first[i], second[i], at+"[]", all)
			}
			if len(first) != len(second) {
				*all = append(*all, at+"[] of another length")
			}
			return
		}
	}
	if !cmp.Equal(first, second) {
		*all = append(*all, at)
	}
}
