//go:build !race

// Command controlplane is every program of a small Kubernetes control plane in
// one binary, so that the code they share is linked once. It picks its role by
// the name it was called by, else by its first argument, and runs that program's
// own main: nothing here is a stand-in.
//
// It is the only package of this module that knows Kubernetes, etcd or kwok. It
// must not know how a cluster is put together: that is all in its flags.
//
// The race detector passes it over: all of Kubernetes would be compiled once more
// for it, for minutes, and none of it is tested here.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// roles are the programs of this binary by the names that they have upstream.
var roles = map[string]func(){
	"etcd":                    etcd,
	"kube-apiserver":          apiserver,
	"kube-controller-manager": controllerManager,
	"kube-scheduler":          scheduler,
	"kubectl":                 kubectl,
	"kwok":                    kwok,
}

func main() {
	role := filepath.Base(os.Args[0])
	if _, ok := roles[role]; !ok && len(os.Args) > 1 {
		role = os.Args[1]
		os.Args = os.Args[1:]
	}
	run, ok := roles[role]
	if !ok {
		names := slices.Sorted(maps.Keys(roles))
		fmt.Fprintf(os.Stderr, "controlplane: %q is no role of this binary; call it by one of these names, or give one as its first argument: %s\n",
			role, strings.Join(names, ", "))
		os.Exit(2)
	}
	run()
}
