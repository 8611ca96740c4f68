package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live"
)

// chapter is one thing that the demo shows.
type chapter struct {
	title string
	steps []step
}

// step is one command, as a user types it, and what has to come of it.
type step struct {
	kubectl string   // the arguments; single quotes keep spaces
	refused bool     // the command has to fail
	reads   []string // expressions that the output has to match
	never   string   // an expression that it must not match
	quiet   bool     // its output is not for the transcript
}

var story = []chapter{
	{"Before: the pods of bookinfo have one container each", []step{
		{kubectl: "apply -f workloads.yaml", quiet: true},
		{kubectl: "wait deployment --all --for condition=Available --timeout 60s", quiet: true},
		{kubectl: "get pods", reads: []string{`productpage-v1-\S+ +1/1 +Running`, `reviews-v3-\S+ +1/1 +Running`}, never: `2/2|0/1`},
	}},
	{"After the namespace asked for sidecars: two each", []step{
		{kubectl: "label namespace default istio-injection=enabled"},
		{kubectl: "rollout restart deployment", quiet: true},
		{kubectl: "wait pod --all --for delete --selector !security.istio.io/tlsMode --timeout 60s", quiet: true},
		{kubectl: "wait deployment --all --for condition=Available --timeout 60s", quiet: true},
		{kubectl: "wait pod --all --for condition=Ready --timeout 60s", quiet: true},
		{kubectl: "get pods", reads: []string{`productpage-v1-\S+ +2/2 +Running`, `reviews-v3-\S+ +2/2 +Running`}, never: `1/1|0/1|0/2|1/2`},
	}},
	{"What was injected into one pod", []step{
		{
			kubectl: `get pod --selector app=productpage -o 'jsonpath={range .items[0].spec.initContainers[*]}init container {.name}: {.image} {.restartPolicy}{"\n"}{end}{range .items[0].spec.containers[*]}container {.name}: {.image}{"\n"}{end}'`,
			reads:   []string{`init container istio-init: \S*/proxyv2:`, `init container istio-proxy: \S*/proxyv2:\S+ Always`, `container productpage:`},
		},
		{kubectl: `get pod --selector app=productpage -o 'jsonpath={.items[0].metadata.annotations.sidecar\.istio\.io/status}{"\n"}'`, reads: []string{`"initContainers":\["istio-init","istio-proxy"\]`}},
	}},
	{"The gateway, subsets and routes of bookinfo are accepted", []step{
		{kubectl: "apply --server-side -f gateway.yaml", reads: []string{"gateway.networking.istio.io/bookinfo-gateway serverside-applied", "virtualservice.networking.istio.io/bookinfo serverside-applied"}},
		{kubectl: "apply --server-side -f destination-rules.yaml", reads: []string{"destinationrule.networking.istio.io/reviews serverside-applied"}},
		{kubectl: "apply --server-side -f all-v1.yaml", reads: []string{"virtualservice.networking.istio.io/reviews serverside-applied"}},
		{kubectl: "apply --server-side -f reviews-jason-v2.yaml", reads: []string{"virtualservice.networking.istio.io/reviews serverside-applied"}},
		{kubectl: "apply --server-side -f ratings-delay.yaml", reads: []string{"virtualservice.networking.istio.io/ratings serverside-applied"}},
		{kubectl: "apply --server-side -f ratings-abort.yaml", reads: []string{"virtualservice.networking.istio.io/ratings serverside-applied"}},
		{kubectl: "apply --server-side -f reviews-v1-v3.yaml", reads: []string{"virtualservice.networking.istio.io/reviews serverside-applied"}},
	}},
	{"A route to a subset that nobody defines is refused", []step{
		{kubectl: "apply --server-side -f reviews-v9.yaml", refused: true, reads: []string{
			`admission webhook "validate.meshward.io" denied the request:`,
			`undefined-subset: route to subset "v9" of reviews.default.svc.cluster.local`,
			`who +clients in every namespace`,
			`have +v1, v2, v3 +\(DestinationRule default/reviews\)`,
			`effect +10% of the requests matched by http\[0\] fail with 503 NC`,
		}},
	}},
	{"So is a DestinationRule that drops a subset which a route still needs", []step{
		{kubectl: "apply --server-side -f reviews-without-v3.yaml", refused: true, reads: []string{
			`undefined-subset: route to subset "v3"`,
			`where +VirtualService default/reviews +spec.http\[0\].route\[1\]`,
		}},
		{kubectl: "delete destinationrule reviews", refused: true, reads: []string{`undefined-subset: route to subset "v1"`}},
	}},
	{"The safe order is accepted: first the route away, then the subset", []step{
		{kubectl: "apply --server-side -f reviews-v1-only.yaml", reads: []string{"virtualservice.networking.istio.io/reviews serverside-applied"}},
		{kubectl: "apply --server-side -f reviews-without-v3.yaml", reads: []string{"destinationrule.networking.istio.io/reviews serverside-applied"}},
	}},
}

// tell runs the story and writes its transcript. It returns an error at the
// first step that does not go as told.
func tell(ctx context.Context, c *cluster.Cluster, out io.Writer) error {
	for i, chapter := range story {
		fmt.Fprintf(out, "\n== %d. %s\n", i+1, chapter.title)
		for _, step := range chapter.steps {
			if err := step.run(ctx, c, out); err != nil {
				return fmt.Errorf("step %q of chapter %d: %w", "kubectl "+step.kubectl, i+1, err)
			}
		}
	}
	return nil
}

func (s step) run(ctx context.Context, c *cluster.Cluster, out io.Writer) error {
	command := c.Kubectl(ctx, split(s.kubectl)...)
	command.Dir = filepath.Join(live.Root(), "test", "live", "bookinfo")
	fmt.Fprintf(out, "$ kubectl %s\n", s.kubectl)
	output, err := command.CombinedOutput()
	if !s.quiet || err != nil {
		fmt.Fprintln(out, strings.TrimRight(string(output), "\n"))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	return s.check(string(output), err == nil)
}

// check returns in which way a step did not go as told.
func (s step) check(output string, accepted bool) error {
	if s.refused && accepted {
		return errors.New("it was accepted, and had to be refused")
	}
	if !s.refused && !accepted {
		return errors.New("it failed")
	}
	for _, expression := range s.reads {
		if !regexp.MustCompile(expression).MatchString(output) {
			return fmt.Errorf("its output does not match %q", expression)
		}
	}
	if s.never != "" && regexp.MustCompile(s.never).MatchString(output) {
		return fmt.Errorf("its output matches %q", s.never)
	}
	return nil
}

// split cuts a command line at spaces that are not within single quotes.
func split(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
