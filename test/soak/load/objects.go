package load

import (
	"fmt"
	"slices"
	"strings"
)

// Namespace is where everything is asked for.
const Namespace = "soak"

// Routes that stand, and routes that come and go.
var (
	standingRoutes = named("standing", 20)
	spareRoutes    = named("spare", 20)
)

func named(what string, many int) []string {
	var names []string
	for n := range many {
		names = append(names, fmt.Sprintf("%s-%02d", what, n))
	}
	return names
}

// bare is a host without a route of its own.
const bare = "bare"

// pod is one that nobody schedules: what would follow keeps an API server busier than its
// admission does.
const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"soak","labels":{"app":"soak"}},
"spec":{"schedulerName":"none","terminationGracePeriodSeconds":0,"containers":[{"name":"app","image":"example.com/app:1","ports":[{"containerPort":8080}],
"readinessProbe":{"httpGet":{"path":"/ready","port":8080}}}]}}`

const route = `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":%q,"namespace":"soak"},
"spec":{"hosts":[%q],"http":[{"route":[{"destination":{"host":%q,"subset":%q}}]}]}}`

func goodEdit(name string, n int) []byte {
	share := n % 100
	return fmt.Appendf(nil, `{"spec":{"http":[{"route":[{"destination":{"host":%q,"subset":"v1"},"weight":%d},
{"destination":{"host":%q,"subset":"v2"},"weight":%d}],"timeout":"%ds"}]}}`, name, share, name, 100-share, 1+n%9)
}

func badEdit(name string, _ int) []byte {
	return fmt.Appendf(nil, `{"spec":{"http":[{"route":[{"destination":{"host":%q,"subset":"v9"}}]}]}}`, name)
}

// Manifest is what has to be stored before anything is asked: the namespace, whose pods
// get a sidecar, and the services with their subsets and the standing routes.
func Manifest() string {
	text := []string{`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"soak","labels":{"istio-injection":"enabled"}}}`}
	for _, host := range slices.Concat([]string{bare}, spareRoutes, standingRoutes) {
		text = append(text, fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q,"namespace":"soak"},
"spec":{"selector":{"app":%q},"ports":[{"name":"http","port":80}]}}`, host, host),
			fmt.Sprintf(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":%q,"namespace":"soak"},
"spec":{"host":%q,"subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]}}`, host, host))
	}
	for _, host := range standingRoutes {
		text = append(text, fmt.Sprintf(route, host, host, host, "v1"))
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
