package templates_test

import (
	"strings"
	"testing"

	"github.com/meshward/meshward/pkg/templates"
)

// TestSidecarHonours says for an annotation what is in the pod's overlay with it,
// and not without it.
func TestSidecarHonours(t *testing.T) {
	const traffic = "traffic.sidecar.istio.io/"
	tests := []struct{ annotation, value, want string }{
		{"sidecar.istio.io/interceptionMode", "TPROXY", `"-m","TPROXY"`},
		{"sidecar.istio.io/proxyImage", "example.com/proxy:1", `"image":"example.com/proxy:1"`},
		{"sidecar.istio.io/logLevel", "debug", `"--proxyLogLevel=debug"`},
		{"sidecar.istio.io/componentLogLevel", "upstream:debug", `"--proxyComponentLogLevel=upstream:debug"`},
		{"sidecar.istio.io/agentLogLevel", "ca:debug", `"--log_output_level=ca:debug"`},
		{"sidecar.istio.io/capNetBindService", "true", `"add":["NET_BIND_SERVICE"]`},
		{"sidecar.istio.io/bootstrapOverride", "mine", `{"name":"custom-bootstrap-volume","configMap":{"name":"mine"}}`},
		{"sidecar.istio.io/userVolume", `{"v":{"emptyDir":{}}}`, `{"name":"v","emptyDir":{}}`},
		{"sidecar.istio.io/userVolumeMount", `{"v":{"mountPath":"/v"}}`, `{"name":"v","mountPath":"/v"}`},
		{traffic + "includeOutboundIPRanges", "10.0.0.0/8", `"-i","10.0.0.0/8"`},
		{traffic + "excludeOutboundIPRanges", "10.0.0.0/8", `"-x","10.0.0.0/8"`},
		{traffic + "includeInboundPorts", "", `"-b",""`},
		{traffic + "excludeInboundPorts", "9, 8", `"-d","15090,15021,9,8,15020"`},
		{traffic + "includeOutboundPorts", "9", `"-q","9"`},
		{traffic + "excludeOutboundPorts", "9", `"-o","9"`},
		{traffic + "excludeInterfaces", "eth1", `"-c","eth1"`},
		{traffic + "kubevirtInterfaces", "net1", `"-k","net1"`},
		{"istio.io/reroute-virtual-interfaces", "net2", `"-k","net2"`},
		{"status.sidecar.istio.io/port", "9", `"-d","15090,15021,9"`},
		{"status.sidecar.istio.io/port", "9", `"--debug-port=9"`},
		{"status.sidecar.istio.io/port", "0", `"-d","15090,15021"`},
		{"readiness.status.sidecar.istio.io/initialDelaySeconds", "9", `"initialDelaySeconds":9`},
		{"readiness.status.sidecar.istio.io/periodSeconds", "9", `"periodSeconds":9`},
		{"readiness.status.sidecar.istio.io/failureThreshold", "9", `"failureThreshold":9`},
	}
	for _, test := range tests {
		t.Run(test.annotation+" "+test.value, func(t *testing.T) {
			data := sample()
			data.NativeSidecars = true
			if without := whole(t, data); strings.Contains(without, test.want) {
				t.Fatalf("%s is there without the annotation:\n%s", test.want, without)
			}
			data.ObjectMeta.Annotations = map[string]string{test.annotation: test.value}
			if with := whole(t, data); !strings.Contains(with, test.want) {
				t.Errorf("%s is missing in:\n%s", test.want, with)
			}
		})
	}
}

// With a plugin that redirects traffic nothing needs rights to, and the plugin
// reads from the pod what to redirect.
func TestSidecarWithCNI(t *testing.T) {
	data := sample()
	over := values(t, `pilot: {cni: {enabled: true, provider: multus}}`)
	data.Values = templates.DefaultValues().With(over).Map()
	data.ObjectMeta.Annotations = map[string]string{"k8s.v1.cni.cncf.io/networks": "a"}
	got := whole(t, data)
	for _, want := range []string{
		`"name":"istio-validation"`, `"--run-validation","--skip-rule-apply"`,
		`k8s.v1.cni.cncf.io/networks "a, default/istio-cni"`, `sidecar.istio.io/interceptionMode "REDIRECT"`,
		`traffic.sidecar.istio.io/excludeInboundPorts "15020"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "NET_ADMIN") {
		t.Errorf("NET_ADMIN is asked for in:\n%s", got)
	}
}

func TestSidecarRefusesVolumesThatAreNone(t *testing.T) {
	for _, value := range []string{"v", `["v"]`, `{"v": 1}`} {
		data := sample()
		data.ObjectMeta.Annotations = map[string]string{"sidecar.istio.io/userVolume": value}
		_, err := templates.Embedded().Template("sidecar").Render(data)
		if !strings.Contains(message(err), "annotation sidecar.istio.io/userVolume has to be a JSON object of names and objects") {
			t.Errorf("%s: error %v", value, err)
		}
	}
}

// whole returns all that the default template adds, in one text.
func whole(t *testing.T, data *templates.Data) string {
	t.Helper()
	overlay := render(t, templates.Embedded().Template("sidecar"), data)
	var all strings.Builder
	for _, list := range [][]templates.Element{of(overlay.Annotations), elements(overlay.InitContainers), elements(overlay.Containers), overlay.Volumes} {
		for _, element := range list {
			all.WriteString(element.Name + " " + string(element.JSON) + "\n")
		}
	}
	return all.String()
}
