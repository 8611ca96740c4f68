package admit_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"
)

// BenchmarkReview answers one review of each sort, HTTP body to HTTP body.
func BenchmarkReview(b *testing.B) {
	for _, name := range []string{"pod-injected", "route-allowed", "route-denied"} {
		b.Run(name, func(b *testing.B) {
			archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
			if err != nil {
				b.Fatal(err)
			}
			head, text, _ := strings.Cut(string(file(archive, "request.yaml")), "\n\n")
			first, _, _ := strings.Cut(head, "\n")
			body, err := yaml.YAMLToJSON([]byte(text))
			if err != nil {
				b.Fatal(err)
			}
			handler := webhooks(b, storedBy(b, archive), defaults())
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(first, "POST "), bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
