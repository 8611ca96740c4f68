package load

import (
	"fmt"
	"strings"
)

// Namespace is where everything is asked for.
const Namespace = "soak"

// How many routes stand, and how many come and go.
const (
	standingRoutes = 20
	spareRoutes    = 20
)

// bare is a host without a route of its own.
const bare = "bare"

func standing(n int) string { return fmt.Sprintf("standing-%02d", n%standingRoutes) }

var sparesOf = func() []string {
	var names []string
	for n := range spareRoutes {
		names = append(names, fmt.Sprintf("spare-%02d", n))
	}
	return names
}()

const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"soak","labels":{"app":"soak"}},
"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"app","image":"example.com/app:1","ports":[{"containerPort":8080}],
"readinessProbe":{"httpGet":{"path":"/ready","port":8080}}}]}}`

const route = `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":%q,"namespace":"soak"},
"spec":{"hosts":[%q],"http":[{"route":[{"destination":{"host":%q,"subset":%q}}]}]}}`

const goodEdit = `{"spec":{"http":[{"route":[{"destination":{"host":%q,"subset":"v1"},"weight":%d},
{"destination":{"host":%q,"subset":"v2"},"weight":%d}],"timeout":"%ds"}]}}`

const badEdit = `{"spec":{"http":[{"route":[{"destination":{"host":%q,"subset":"v9"}}]}]}}`

// Manifest is what has to be stored before anything is asked: the namespace, whose pods
// get a sidecar, and the services with their subsets and the standing routes.
func Manifest() string {
	text := []string{`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"soak","labels":{"istio-injection":"enabled"}}}`}
	hosts := append([]string{bare}, sparesOf...)
	for n := range standingRoutes {
		hosts = append(hosts, standing(n))
	}
	for _, host := range hosts {
		text = append(text, fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q,"namespace":"soak"},
"spec":{"selector":{"app":%q},"ports":[{"name":"http","port":80}]}}`, host, host),
			fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":%q,"namespace":"soak"},
"spec":{"host":%q,"subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]}}`, host, host))
	}
	for n := range standingRoutes {
		text = append(text, fmt.Sprintf(route, standing(n), standing(n), standing(n), "v1"))
	}
	return strings.Join(text, "\n---\n")
}

// Pod is what is looked at of a pod.
type Pod struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Containers     []Container `json:"containers"`
		InitContainers []Container `json:"initContainers"`
	} `json:"spec"`
}

// Container is what is looked at of a container.
type Container struct {
	Name string `json:"name"`
}

// Wrong says what is wrong with the pod's sidecar, or nothing.
func (p *Pod) Wrong() string {
	counts := map[string]int{}
	for _, c := range append(p.Spec.Containers, p.Spec.InitContainers...) {
		counts[c.Name]++
	}
	switch {
	case counts["istio-proxy"] != 1 || counts["istio-init"] != 1 || counts["app"] != 1:
		return fmt.Sprintf("the pod %s has the containers %v", p.Metadata.Name, counts)
	case p.Metadata.Annotations["sidecar.istio.io/status"] == "":
		return fmt.Sprintf("the pod %s has no record of its injection", p.Metadata.Name)
	}
	return ""
}
