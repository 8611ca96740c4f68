package inject_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/meshward/meshward/test/oracle/inject"
	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// BenchmarkWebhook injects pods with Istio's own templates on both sides: pods that are
// alike, as those of a Deployment, and the first of ever new ones.
func BenchmarkWebhook(b *testing.B) {
	f, err := files.Of("untouched", true)
	if err != nil {
		b.Fatal(err)
	}
	pod := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-1-","labels":{"app":"web","pod-template-hash":"1"},
"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"1","controller":true}]},
"spec":{"containers":[{"name":"web","image":"web","ports":[{"containerPort":8080}],"readinessProbe":{"httpGet":{"path":"/ready","port":8080}}}]}}`)
	for _, side := range []struct {
		name string
		inject.Side
	}{{"istio", istio}, {"meshward", inject.Product{}}} {
		for _, kind := range []string{"alike", "first"} {
			b.Run(side.name+"/"+kind, func(b *testing.B) {
				pods := [][]byte{pod}
				if kind == "first" {
					pods = variants(pod)
				}
				b.ReportAllocs()
				turn := 0
				for b.Loop() {
					_, denied, err := side.Webhook(f, &gen.Request{Pod: pods[turn%len(pods)], Namespace: "default", Path: "/inject"})
					if err != nil || denied != "" {
						b.Fatal(denied, err)
					}
					turn++
				}
			})
		}
	}
}

// variants are pods of so many workloads that each is forgotten by the time its turn comes
// again.
func variants(pod []byte) [][]byte {
	pods := make([][]byte, 2000)
	for i := range pods {
		pods[i] = bytes.ReplaceAll(pod, []byte(`"web`), fmt.Appendf(nil, `"web%d`, i))
	}
	return pods
}
