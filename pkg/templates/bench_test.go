package templates_test

import (
	"fmt"
	"testing"

	"github.com/meshward/meshward/pkg/templates"
)

// BenchmarkRender renders the embedded templates for a pod whose text is
// remembered, and for one whose text is new each time.
func BenchmarkRender(b *testing.B) {
	config := templates.Embedded()
	for _, name := range config.Names() {
		template := config.Template(name)
		b.Run(name+"/known", func(b *testing.B) {
			data := sample()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := template.Render(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/new", func(b *testing.B) {
			data := sample()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				data.ObjectMeta.Labels["app"] = fmt.Sprint("web-", i)
				if _, err := template.Render(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
