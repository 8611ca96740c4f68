package check

import (
	"context"

	"k8s.io/apimachinery/pkg/util/version"
)

var kubernetesVersion = &Check{
	Name:  "kubernetes",
	Looks: "the version of Kubernetes: 1.30 or later",
	run:   checkKubernetes,
}

// oldest is the first Kubernetes whose match conditions and sidecars are all that we use.
var oldest = version.MajorMinor(1, 30)

func checkKubernetes(_ context.Context, l *look) {
	is, err := version.ParseGeneric(l.seen.version)
	if err != nil {
		l.unseen("the version of the API server", err)
		return
	}
	if is.LessThan(oldest) {
		l.error(Object{Kind: "API server", Name: l.seen.version}, "upgrade Kubernetes; see what runs where: kubectl version",
			"meshward needs Kubernetes %s or later", oldest)
	}
}
