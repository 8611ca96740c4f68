package analyzers

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/validate"
	"github.com/meshward/meshward/pkg/validate/rules"
	"github.com/meshward/meshward/test/oracle/world"
	"github.com/meshward/meshward/test/sized"
)

// BenchmarkAudit judges whole meshes, which both sides have in memory already: Istio's
// analyzers, those that have anything to look at, and all of meshward's rules.
func BenchmarkAudit(b *testing.B) {
	engine, err := validate.New(rules.All()...)
	if err != nil {
		b.Fatal(err)
	}
	for _, services := range []int{500, 1000, 2000, 4000} {
		snapshot, err := sized.Snapshot(services)
		if err != nil {
			b.Fatal(err)
		}
		w := worldOf(b, services)
		b.Run(fmt.Sprintf("services=%d/istio", services), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				c := newContext(w) // they write into what they read
				b.StartTimer()
				for _, a := range all {
					if c.knows(a.Metadata().Inputs) {
						a.Analyze(c)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("services=%d/meshward", services), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				engine.All(snapshot)
			}
		})
	}
}

// worldOf is the same mesh as Istio has it.
func worldOf(b *testing.B, services int) *world.World {
	b.Helper()
	var texts [][]byte
	for o := range sized.Mesh(services) {
		texts = append(texts, o.JSON)
	}
	w, err := world.Read(bytes.Join(texts, []byte("\n---\n")))
	if err != nil {
		b.Fatal(err)
	}
	return w
}
