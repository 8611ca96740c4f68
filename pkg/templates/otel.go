package templates

import (
	"cmp"
	"slices"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

const otelAnnotations = "resource.opentelemetry.io/"

// otelResourceAttributes returns the value of OTEL_RESOURCE_ATTRIBUTES by
// OpenTelemetry's conventions for Kubernetes, or nothing where no tracing
// provider of the mesh asks for it.
func otelResourceAttributes(
	mesh *meshconfig.MeshConfig, annotations, labels map[string]string, namespace string, containers []corev1.Container,
) string {
	if !slices.ContainsFunc(mesh.GetExtensionProviders(), enrichesServices) {
		return ""
	}
	var version, instance string
	if len(containers) == 1 {
		version = imageVersion(containers[0].Image)
	}
	if len(containers) > 0 {
		// The pod has no name yet; the kubelet fills it in.
		instance = namespace + ".$(POD_NAME)." + containers[0].Name
	}
	var attributes []string
	for _, attribute := range []struct{ name, value string }{
		{"service.namespace", cmp.Or(annotations[otelAnnotations+"service.namespace"], namespace)},
		{"service.version", cmp.Or(annotations[otelAnnotations+"service.version"], labels["app.kubernetes.io/version"], version)},
		{"service.instance.id", cmp.Or(annotations[otelAnnotations+"service.instance.id"], instance)},
	} {
		if attribute.value != "" {
			attributes = append(attributes, attribute.name+"="+attribute.value)
		}
	}
	return strings.Join(attributes, ",")
}

func enrichesServices(provider *meshconfig.MeshConfig_ExtensionProvider) bool {
	return provider.GetOpentelemetry().GetServiceAttributeEnrichment() ==
		meshconfig.MeshConfig_ExtensionProvider_OTEL_SEMANTIC_CONVENTIONS
}

// imageVersion returns the tag or the digest of an image, or tag@digest.
func imageVersion(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	var tag string
	// A colon before the last slash is that of a registry's port.
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		tag = name[colon+1:]
	}
	if tag != "" && digest != "" {
		return tag + "@" + digest
	}
	return tag + digest
}
