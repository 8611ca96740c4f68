package mutate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/mutate"
)

// BenchmarkInject measures one pod from its JSON to the JSON of the patch. The
// first pod of a workload has its YAML parsed, and those that follow have not.
// Decoding alone is the part that no injector can do without.
func BenchmarkInject(b *testing.B) {
	c := loadCase(b, "bookinfo-native")
	raw, injector := c.raw(b), c.injector(b)
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			inject(b, injector, raw)
		}
	})
	b.Run("first", func(b *testing.B) {
		workloads := manyWorkloads(raw)
		b.ReportAllocs()
		for b.Loop() {
			inject(b, injector, workloads[turn%len(workloads)])
			turn++
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := mutate.Decode(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// turn goes on from one run to the next, which would else begin with the pods
// that the one before has just had remembered.
var turn int

// manyWorkloads returns pods of so many workloads that each is forgotten by the
// time its turn comes again.
func manyWorkloads(raw []byte) [][]byte {
	pods := make([][]byte, 2000)
	for i := range pods {
		pods[i] = bytes.ReplaceAll(raw, []byte(`"app":"reviews"`), fmt.Appendf(nil, `"app":"reviews-%d"`, i))
	}
	return pods
}
