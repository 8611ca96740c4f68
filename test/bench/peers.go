package main

import (
	"fmt"
	"path"
	"slices"
)

// peers is what Istio's own code costs, beside ours in the same run and on the same input.
var peers = slices.Concat(
	[]row{
		besideIstio("inject a pod like one seen before, with Istio's template", "meshward/alike", 8),
		besideIstio("inject the first pod of a workload, with Istio's template", "meshward/first", 8),
		besideIstio("inject a pod like one seen before, with ours", "embedded/alike", 20),
		besideIstio("inject the first pod of a workload, with ours", "embedded/first", 20),
	},
	audited(500, 1000, 2000, 4000),
)

// besideIstio is that a webhook answers so many times cheaper than Istio's.
func besideIstio(what, of string, times float64) row {
	return row{what: what, suite: pods, of: "Webhook/" + of, unit: inSeconds, against: "Webhook/istio/" + path.Base(of), most: 1 / times}
}

// audited is that whole meshes are judged fifty times cheaper than by Istio's analyzers in
// the largest of them, and what it is in the others.
func audited(services ...int) (rows []row) {
	for _, n := range services {
		of := fmt.Sprintf("Audit/services=%d/", n)
		rows = append(rows, row{
			what: fmt.Sprintf("audit %d services", n), suite: meshes, of: of + "meshward", unit: inSeconds, against: of + "istio",
			most: 1. / 50, informs: n < slices.Max(services),
		})
	}
	return rows
}
