package templates_test

import (
	"fmt"

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
	fmt.Printf("%q\n", overlay.Annotations[0].Value)
}

// settings tells what holds for a pod: what it asks for, or else the values.
// Whatever it tells is one text in YAML.
func Example_settings() {
	data := sample()
	show(`(settings .).LogLevel`, data)
	show(`(settings .).Name`, data)
	show(`(settings .).Resources`, data)
	data.ObjectMeta.Annotations = map[string]string{
		"sidecar.istio.io/logLevel": "debug",
		"sidecar.istio.io/proxyCPU": "3",
	}
	data.ObjectMeta.Labels["app.kubernetes.io/name"] = "ratings"
	show(`(settings .).LogLevel`, data)
	show(`(settings .).Name`, data)
	show(`(settings .).Resources`, data)
	// Output:
	// "warning"
	// "web"
	// "{\"limits\":{\"cpu\":\"2\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}}"
	// "debug"
	// "ratings"
	// "{\"limits\":{\"cpu\":\"3\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"3\",\"memory\":\"128Mi\"}}"
}

func Example_quoted() {
	data := sample()
	show(`quoted "--level=" "a: b # c"`, data)
	// Output: "\"--level=a: b # c\""
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
