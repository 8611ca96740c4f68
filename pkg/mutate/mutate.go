// Package mutate puts sidecars into pods: a pod goes in, a JSON patch comes out.
// It knows which pods are left alone and why, which workload a pod belongs to,
// and where in a pod each piece of a rendered template goes.
//
// It must not know how a pod arrived or where the patch goes: no HTTP, no
// admission types, no client, no clock, no environment, no files. What a sidecar
// looks like is known to package templates alone. Neither does it ask again
// whether the namespace wants sidecars, for the API server's selectors have
// answered that from a state that is never stale.
package mutate
