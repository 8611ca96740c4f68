package templates_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/pkg/templates"
)

// show prints what an expression renders to.
func show(expression string, data *templates.Data) {
	template, err := templates.Parse("example.yaml", "metadata: {annotations: {result: {{ "+expression+" | toJson }} }}")
	if err != nil {
		fmt.Println(err)
		return
	}
	overlay, err := template.Render(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", overlay.Annotations[0].JSON)
}

// The name that telemetry knows a pod by comes from its labels before its workload.
func Example_canonicalName() {
	data := sample()
	const expression = `canonicalName .ObjectMeta.Labels .DeploymentMeta.Name`
	data.ObjectMeta.Labels = map[string]string{"app": "reviews"}
	show(expression, data)
	data.ObjectMeta.Labels["app.kubernetes.io/name"] = "ratings"
	show(expression, data)
	data.ObjectMeta.Labels["service.istio.io/canonical-name"] = "details"
	show(expression, data)
	data.ObjectMeta.Labels = nil
	show(expression, data)
	data.DeploymentMeta.Name = "a-workload-with-a-name-that-is-a-bit-longer-than-a-label-holds-v2"
	show(expression, data)
	// Output:
	// "reviews"
	// "ratings"
	// "details"
	// "web"
	// "a-workload-with-a-name-that-is-a-bit-longer-than-a-label-holds"
}

func Example_canonicalRevision() {
	data := sample()
	const expression = `canonicalRevision .ObjectMeta.Labels`
	show(expression, data)
	data.ObjectMeta.Labels = map[string]string{"version": "v1"}
	show(expression, data)
	data.ObjectMeta.Labels["app.kubernetes.io/version"] = "v2"
	show(expression, data)
	data.ObjectMeta.Labels["service.istio.io/canonical-revision"] = "v3"
	show(expression, data)
	// Output:
	// "latest"
	// "v1"
	// "v2"
	// "v3"
}

func Example_containerNames() {
	data := sample()
	data.Spec.Containers = []corev1.Container{{Name: "web"}, {Name: "log"}}
	show(`containerNames .Spec`, data)
	// Output: "web,log"
}

func Example_containerPorts() {
	data := sample()
	show(`containerPorts .Spec`, data)
	data.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80}}
	show(`containerPorts .Spec`, data)
	// Output:
	// "[]"
	// "[{\"name\":\"http\",\"containerPort\":80}]"
}

// A text that has been through toJson is one text in YAML as well, and anything
// else is written out.
func Example_toJson() {
	data := sample()
	show(`"a\nspec: {hostNetwork: true}"`, data)
	show(`toJson .Values.global.proxy.resources.limits`, data)
	// Output:
	// "a\nspec: {hostNetwork: true}"
	// "{\"cpu\":\"2\",\"memory\":\"1Gi\"}"
}

func Example_toLower() {
	show(`toLower .TypeMeta.Kind`, sample())
	// Output: "deployment"
}
