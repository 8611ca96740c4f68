//go:build !race

package main

// The module of this package carries Istio's custom resource definitions as a
// file, which cannot be imported; the import is what keeps it in go.mod.
import _ "istio.io/api/label"
