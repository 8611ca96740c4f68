package check

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

var versionSkew = &Check{
	Name:  "version",
	Looks: "the version of the server beside that of this command",
	run:   checkVersion,
}

// versionLabel is where an installer may say which version it installed.
const versionLabel = "app.kubernetes.io/version"

func checkVersion(ctx context.Context, l *look) {
	d, ok := l.server(ctx)
	if !ok {
		return
	}
	if d == nil {
		l.note("there is no Deployment of the server")
		return
	}
	own, err := version.ParseSemantic(l.Binary)
	if err != nil {
		l.note("this command is no release: its version is %q", l.Binary)
		return
	}
	of := Object{"Deployment", d.Namespace, d.Name}
	images := make([]string, 0, 1)
	for _, container := range d.Spec.Template.Spec.Containers {
		images = append(images, tagOf(container.Image))
	}
	images = append(images, d.Labels[versionLabel])
	known := false
	for _, text := range images {
		theirs, err := version.ParseSemantic(text)
		if err != nil {
			continue
		}
		known = true
		if theirs.Major() != own.Major() || theirs.Minor() != own.Minor() {
			l.warn(of, fmt.Sprintf("use the same on both sides; what runs: kubectl -n %s get deployment %s -o wide", d.Namespace, d.Name),
				"it runs %s, and this command is %s: what one says, the other may not know", text, l.Binary)
			return
		}
	}
	if !known {
		l.note("the version that the Deployment runs is not in its image's tag, nor in label %s", versionLabel)
	}
}

// tagOf is the tag of an image, and "" where it has none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}
