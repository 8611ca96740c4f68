// Package cluster starts a real Kubernetes control plane for tests and
// demonstrations: etcd, kube-apiserver, kube-controller-manager, kube-scheduler
// and kwok in the place of the kubelets, with TLS and RBAC, and with Istio's
// custom resource definitions.
//
// LAW: what a process starts does not outlive it, however it ends. LAW: a cluster
// lives in one directory and on ports of its own, so that any number can run side
// by side.
//
// The package knows the programs' flags, certificates and files. It imports none
// of the programs and no Kubernetes client, so that a test that uses it compiles
// in seconds, and it must not know what it is used to test. It is tested on Linux
// and meant to work on macOS.
package cluster
