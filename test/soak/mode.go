package main

import (
	"context"
	"time"
)

// mode is a way to have certificates.
type mode struct {
	name    string
	overlay string // of the bootstrap manifests, from the root of the repository
	// arguments of serve beside those that every mode has.
	arguments []string
	prepare   func(context.Context, *stage) error // before the manifests are applied; may be nil
	mounted   bool                                // whether replicas are given a Secret as a folder
	// secret is what others must not lose.
	secret string
	// rotate begins to replace the CA and the leaf. It is called again as long as
	// the replicas do not show a leaf of the new CA.
	rotate func(s *stage, ctx context.Context, n int) (renew func(context.Context) error, err error)
}

// leafLasts is short, so that leaves are replaced by their age as well, all the time.
const leafLasts = 90 * time.Second

var modes = []mode{
	{
		name:      "self-managed",
		overlay:   "config/overlays/self-managed",
		arguments: []string{"--leaf-duration", leafLasts.String(), "--ca-duration", "1h"},
		secret:    authority,
		rotate:    (*stage).deleteAuthority,
	},
	{
		name:    "cert-manager",
		overlay: "config/overlays/cert-manager",
		prepare: func(ctx context.Context, s *stage) error { return installCertManager(ctx, s.Cluster) },
		mounted: true,
		secret:  servingSecret,
		rotate:  (*stage).renewByCertManager,
	},
}
