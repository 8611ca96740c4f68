package templates

import (
	"cmp"
	"strings"

	networkingv1beta1 "istio.io/api/networking/v1beta1"
)

// imageTypeAnnotation is where a pod asks for a variant of the proxy's image.
const imageTypeAnnotation = "sidecar.istio.io/proxyImageType"

// ProxyImage returns the image of the proxy: global.hub, global.proxy.image and
// global.tag. Its type is what the pod's annotation says, or else image, which may
// be nil, or else global.variant.
func (v Values) ProxyImage(image *networkingv1beta1.ProxyImage, annotations map[string]string) string {
	return v.image(v.Text("global", "proxy", "image"), image.GetImageType(), annotations)
}

// ProxyInitImage returns the image of the container that redirects traffic:
// global.hub, global.proxy_init.image and global.tag. Its type is what the pod's
// annotation says, or else global.variant.
func (v Values) ProxyInitImage(annotations map[string]string) string {
	return v.image(v.Text("global", "proxy_init", "image"), "", annotations)
}

func (v Values) image(name, imageType string, annotations map[string]string) string {
	imageType = cmp.Or(imageType, v.Text("global", "variant"))
	if asked, ok := annotations[imageTypeAnnotation]; ok {
		imageType = asked
	}
	return v.Text("global", "hub") + "/" + cmp.Or(name, "proxyv2") + ":" + tagOfType(v.Text("global", "tag"), imageType)
}

// tagOfType gives a tag the suffix of an image type, in the place of one that it
// has. The type default is to have none.
func tagOfType(tag, imageType string) string {
	if imageType == "" {
		return tag
	}
	for _, known := range []string{"distroless", "debug"} {
		if plain, ok := strings.CutSuffix(tag, "-"+known); ok {
			tag = plain
			break
		}
	}
	if imageType == "default" {
		return tag
	}
	return tag + "-" + imageType
}
