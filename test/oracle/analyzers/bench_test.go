package analyzers_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/log"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/world"
	"github.com/meshward/meshward/test/sized"
)

// BenchmarkAudit judges whole meshes, which both sides have in memory already: all of
// meshward's rules, and then, for the collector has what they keep to look through ever after,
// all of Istio's analyzers, as Istio runs them itself.
func BenchmarkAudit(b *testing.B) {
	sizes := []int{500, 1000, 2000, 4000}
	engine, err := validate.New(rules.All()...)
	if err != nil {
		b.Fatal(err)
	}
	for _, services := range sizes {
		b.Run(fmt.Sprintf("services=%d/meshward", services), func(b *testing.B) {
			snapshot, err := sized.Snapshot(services)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				engine.All(snapshot)
			}
		})
	}
	for _, services := range sizes {
		b.Run(fmt.Sprintf("services=%d/istio", services), func(b *testing.B) {
			analyzer := loaded(b, services)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := analyzer.ReAnalyze(b.Context().Done()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// loaded is Istio's analyzer with a mesh in it, and with what runs in that.
func loaded(b *testing.B, services int) *local.IstiodAnalyzer {
	b.Helper()
	var texts [][]byte
	for o := range sized.Mesh(services) {
		texts = append(texts, o.JSON)
	}
	texts = slices.AppendSeq(texts, sized.Workloads(services))
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel) // its lines would cut through those of the results
	}
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", world.Root, nil)
	source := local.ReaderSource{Name: "mesh", Reader: bytes.NewReader(bytes.Join(texts, []byte("\n---\n")))}
	if err := analyzer.AddTestReaderKubeSource([]local.ReaderSource{source}); err != nil { // the only reader that takes pods
		b.Fatal(err)
	}
	if err := analyzer.Init(b.Context().Done()); err != nil {
		b.Fatal(err)
	}
	return analyzer
}
