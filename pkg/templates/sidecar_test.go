package templates_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/templates"
)

// The proxy is a container of one list or of the other. Everything else about
// the embedded template shows in the cases of package mutate.
func TestSidecarPlacesTheProxy(t *testing.T) {
	tests := []struct {
		native                   bool
		asked                    string
		mode                     string
		wantInit, wantContainers []string
	}{
		{native: true, wantInit: []string{"istio-init", "istio-proxy"}},
		{native: false, wantInit: []string{"istio-init"}, wantContainers: []string{"istio-proxy"}},
		{native: true, asked: "false", wantInit: []string{"istio-init"}, wantContainers: []string{"istio-proxy"}},
		{native: false, asked: "true", wantInit: []string{"istio-init", "istio-proxy"}},
		{native: false, asked: "maybe", wantInit: []string{"istio-init"}, wantContainers: []string{"istio-proxy"}},
		{native: true, mode: "NONE", wantInit: []string{"istio-proxy"}},
		{native: false, mode: "NONE", wantContainers: []string{"istio-proxy"}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("native %t asked %q mode %q", test.native, test.asked, test.mode), func(t *testing.T) {
			data := sample()
			data.NativeSidecars = test.native
			data.ObjectMeta.Annotations = map[string]string{"sidecar.istio.io/nativeSidecar": test.asked}
			if test.mode != "" {
				data.ObjectMeta.Annotations["sidecar.istio.io/interceptionMode"] = test.mode
			}
			overlay := render(t, templates.Embedded().Template("sidecar"), data)
			if diff := cmp.Diff(test.wantInit, names(elements(overlay.InitContainers))); diff != "" {
				t.Errorf("init containers differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantContainers, names(elements(overlay.Containers))); diff != "" {
				t.Errorf("containers differ (-want +got):\n%s", diff)
			}
		})
	}
}

// One annotation changes the resource that it names, and the other side of it
// only where Kubernetes would refuse the two together.
func TestProxyResources(t *testing.T) {
	const given = "limits cpu 2, limits memory 1Gi, requests cpu 100m, requests memory 128Mi"
	tests := []struct{ annotation, value, want string }{
		{"none", "", given},
		{"proxyCPU", "200m", strings.Replace(given, "100m", "200m", 1)},
		{"proxyCPU", "3", "limits cpu 3, limits memory 1Gi, requests cpu 3, requests memory 128Mi"},
		{"proxyCPULimit", "50m", "limits cpu 50m, limits memory 1Gi, requests cpu 50m, requests memory 128Mi"},
		{"proxyMemory", "256Mi", strings.Replace(given, "128Mi", "256Mi", 1)},
		{"proxyMemoryLimit", "2Gi", strings.Replace(given, "1Gi", "2Gi", 1)},
		{"proxyMemoryLimit", "much", strings.Replace(given, "1Gi", "much", 1)},
	}
	for _, test := range tests {
		t.Run(test.annotation+" "+test.value, func(t *testing.T) {
			data := sample()
			data.ObjectMeta.Annotations = map[string]string{"sidecar.istio.io/" + test.annotation: test.value}
			encoded, err := evaluate(`proxyResources .ObjectMeta .Values.global.proxy.resources`, data)
			if err != nil {
				t.Fatal(err)
			}
			var resources map[string]map[string]string
			decode(t, []byte(encoded), &resources)
			var got []string
			for kind, amounts := range resources {
				for name, amount := range amounts {
					got = append(got, kind+" "+name+" "+amount)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("resources differ (-want +got):\n%s", diff)
			}
		})
	}
}

// The pod of the walk-through that Istio 1.0 had injected.
func TestSidecar10(t *testing.T) {
	data := sample()
	data.ObjectMeta.Labels = map[string]string{"app": "sleep", "pod-template-hash": "86cf99dfd6"}
	overlay := render(t, templates.Embedded().Template("sidecar-1.0"), data)
	init, proxy := overlay.InitContainers[0].Spec, overlay.Containers[0].Spec
	wantInit := []string{"-p", "15001", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "", "-d", ""}
	if diff := cmp.Diff(wantInit, init.Args); diff != "" || init.Image != "docker.io/istio/proxy_init:1.0.5" {
		t.Errorf("image %s, arguments differ (-want +got):\n%s", init.Image, diff)
	}
	want := "proxy sidecar --configPath /etc/istio/proxy --binaryPath /usr/local/bin/envoy --serviceCluster sleep" +
		" --drainDuration 45s --parentShutdownDuration 1m0s --discoveryAddress istio-pilot.istio-system:15007" +
		" --discoveryRefreshDelay 1s --zipkinAddress zipkin.istio-system:9411 --connectTimeout 10s" +
		" --proxyAdminPort 15000 --controlPlaneAuthPolicy NONE"
	if diff := cmp.Diff(want, strings.Join(proxy.Args, " ")); diff != "" || proxy.Image != "docker.io/istio/proxyv2:1.0.5" {
		t.Errorf("image %s, arguments differ (-want +got):\n%s", proxy.Image, diff)
	}
	if last := proxy.Env[len(proxy.Env)-1]; last.Value != `{"app":"sleep","pod-template-hash":"86cf99dfd6"}` {
		t.Errorf("the last variable is %v", last)
	}
	if diff := cmp.Diff([]string{"istio-envoy", "istio-certs"}, names(overlay.Volumes)); diff != "" {
		t.Errorf("volumes differ (-want +got):\n%s", diff)
	}

	data.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 9080}}
	overlay = render(t, templates.Embedded().Template("sidecar-1.0"), data)
	if ports := overlay.InitContainers[0].Spec.Args[11]; ports != "80,9080" {
		t.Errorf("redirected ports are %q", ports)
	}
}

// askable are the annotations and labels that the embedded templates read, but for
// resources: what is no quantity fails there.
var askable = strings.Fields(`
	sidecar.istio.io/interceptionMode sidecar.istio.io/nativeSidecar sidecar.istio.io/proxyImage
	sidecar.istio.io/logLevel sidecar.istio.io/componentLogLevel sidecar.istio.io/agentLogLevel
	sidecar.istio.io/bootstrapOverride sidecar.istio.io/capNetBindService
	traffic.sidecar.istio.io/includeOutboundIPRanges traffic.sidecar.istio.io/excludeOutboundIPRanges
	traffic.sidecar.istio.io/includeInboundPorts traffic.sidecar.istio.io/excludeInboundPorts
	traffic.sidecar.istio.io/includeOutboundPorts traffic.sidecar.istio.io/excludeOutboundPorts
	traffic.sidecar.istio.io/excludeInterfaces traffic.sidecar.istio.io/kubevirtInterfaces istio.io/reroute-virtual-interfaces
	status.sidecar.istio.io/port readiness.status.sidecar.istio.io/initialDelaySeconds
	readiness.status.sidecar.istio.io/periodSeconds readiness.status.sidecar.istio.io/failureThreshold
	k8s.v1.cni.cncf.io/networks resource.opentelemetry.io/service.version
	app version app.kubernetes.io/name app.kubernetes.io/version service.istio.io/canonical-name
	service.istio.io/canonical-revision service.istio.io/workload-name security.istio.io/tlsMode networking.istio.io/tunnel`)

// FuzzHostilePod shows that no text from a pod adds a field to what the embedded
// templates render: whatever it is, the overlay has the fields that it has with
// another text in that place.
func FuzzHostilePod(f *testing.F) {
	for i, name := range hostile {
		f.Add(name, i)
	}
	f.Add(`{"a": {"emptyDir": {}}}`, 3)
	f.Fuzz(func(t *testing.T, value string, at int) {
		key := askable[max(at, -at-1)%len(askable)]
		for _, name := range []string{"sidecar", "sidecar-1.0"} {
			template := templates.Embedded().Template(name)
			want := outline(t, render(t, template, pod(key, "x", value == "")), numbers[key])
			got := outline(t, render(t, template, pod(key, value, value == "")), numbers[key])
			if deliberate[key] {
				continue // it renders, and decides which fields there are
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s %q changes fields (-want +got):\n%s", name, key, value, diff)
			}
		}
	})
}

// deliberate are the annotations that add and remove fields by what they say.
var deliberate = map[string]bool{
	"sidecar.istio.io/interceptionMode":  true,
	"sidecar.istio.io/nativeSidecar":     true,
	"sidecar.istio.io/capNetBindService": true,
	"status.sidecar.istio.io/port":       true,
}

// numbers are the annotations that say a number of the proxy's readiness probe, which is
// all that they may change. A 0 is written as no field.
var numbers = map[string]string{
	"readiness.status.sidecar.istio.io/initialDelaySeconds": "initialDelaySeconds",
	"readiness.status.sidecar.istio.io/periodSeconds":       "periodSeconds",
	"readiness.status.sidecar.istio.io/failureThreshold":    "failureThreshold",
}

// pod returns data whose every name is value, and whose annotation and label key
// is value, unless it is to be absent.
func pod(key, value string, absent bool) *templates.Data {
	data := sample()
	data.DeploymentMeta.Name = "n" + value
	data.TypeMeta.Kind = "k" + value
	data.Spec.ServiceAccountName = value
	data.Spec.Containers[0].Name = "c" + value
	data.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: value, ContainerPort: 80}}
	data.ObjectMeta.Labels = map[string]string{"l": value}
	data.ObjectMeta.Annotations = map[string]string{"a": value}
	if !absent {
		data.ObjectMeta.Labels[key] = value
		data.ObjectMeta.Annotations[key] = value
	}
	return data
}

// outline returns the overlay with every text in it emptied, but for names, and without one
// number of readiness probes.
func outline(t *testing.T, overlay *templates.Overlay, number string) []string {
	t.Helper()
	var lines []string
	for _, list := range [][]templates.Element{
		of(overlay.Labels), of(overlay.Annotations), elements(overlay.InitContainers), elements(overlay.Containers), overlay.Volumes, overlay.ImagePullSecrets,
	} {
		for _, element := range list {
			var value any
			decode(t, element.JSON, &value)
			if fields, is := value.(map[string]any); is {
				if probe, is := fields["readinessProbe"].(map[string]any); is {
					delete(probe, number)
				}
			}
			encoded, err := json.Marshal(emptied(value))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, element.Name+" "+string(encoded))
		}
	}
	return lines
}

func emptied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = emptied(value[key])
		}
	case []any:
		for i := range value {
			value[i] = emptied(value[i])
		}
	case string:
		return ""
	}
	return value
}

// renderEmbedded renders both embedded templates.
func renderEmbedded(t *testing.T, data *templates.Data) {
	t.Helper()
	for _, name := range templates.Embedded().Names() {
		render(t, templates.Embedded().Template(name), data)
	}
}

func names(elements []templates.Element) []string {
	var result []string
	for _, element := range elements {
		result = append(result, element.Name)
	}
	return result
}
