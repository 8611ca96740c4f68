package main

import (
	"fmt"
	"net/http"
)

// The namespaces that are asked for something.
const (
	plain    = "bench-plain"    // whose pods get no sidecar
	injected = "bench-injected" // whose pods do
	routed   = "bench-routed"   // with the services and routes
)

// How many of each are asked for.
const (
	podsMade      = 2000
	routesMade    = 200
	routesRefused = 50
	servicesMade  = routesMade + routesRefused
	warmUp        = 200
)

// object is one to be stored, as JSON.
type object struct {
	path string
	body []byte
}

const namespace = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q,"labels":%s}}`

const service = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"service-%[1]d"},
"spec":{"selector":{"app":"service-%[1]d"},"ports":[{"name":"http","port":80}]}}`

const rule = `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"service-%[1]d"},
"spec":{"host":"service-%[1]d","subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]}}`

// route is a VirtualService for the service of a number, to a subset.
const route = `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"service-%[1]d"},
"spec":{"hosts":["service-%[1]d"],"http":[
{"match":[{"headers":{"end-user":{"exact":"jason"}}}],"route":[{"destination":{"host":"service-%[1]d","subset":"v1"}}]},
{"route":[{"destination":{"host":"service-%[1]d","subset":"v1"},"weight":90},{"destination":{"host":"service-%[1]d","subset":%[2]q},"weight":10}],"timeout":"5s"}]}}`

// pod is one as a ReplicaSet's controller makes it.
const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-6d5f7c8b9-","labels":{"app":"web","version":"v1","pod-template-hash":"6d5f7c8b9"},
"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d5f7c8b9","uid":"8a1e5a0e-5c1c-4d0b-9a53-2f1f7a1f0c11","controller":true,"blockOwnerDeletion":true}]},
"spec":{"containers":[{"name":"app","image":"example.com/web:1","ports":[{"name":"http","containerPort":8080}],
"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},
"readinessProbe":{"httpGet":{"path":"/ready","port":"http"}},"livenessProbe":{"httpGet":{"path":"/live","port":"http"}},
"volumeMounts":[{"name":"settings","mountPath":"/etc/web"}]}],
"volumes":[{"name":"settings","configMap":{"name":"web"}}]}}`

// stored are the objects that have to be there before anything is asked.
func stored() []object {
	var objects []object
	for name, labels := range map[string]string{plain: `{}`, routed: `{}`, injected: `{"istio-injection":"enabled"}`} {
		objects = append(objects, object{path: "/api/v1/namespaces", body: fmt.Appendf(nil, namespace, name, labels)})
	}
	for n := range servicesMade {
		objects = append(objects,
			object{path: "/api/v1/namespaces/" + routed + "/services", body: fmt.Appendf(nil, service, n)},
			object{path: istioPath("destinationrules"), body: fmt.Appendf(nil, rule, n)})
	}
	return objects
}

func istioPath(resource string) string {
	return "/apis/networking.istio.io/v1/namespaces/" + routed + "/" + resource
}

// What the API server is asked for.
var (
	plainPods = work{
		what: "pods without injection", many: podsMade, atATime: atATime, method: http.MethodPost, status: http.StatusCreated, says: `"kind":"Pod"`,
		ask: func(int) (string, []byte) { return podsPath(plain), []byte(pod) },
	}
	injectedPods = work{
		what: "pods injected", many: podsMade, atATime: atATime, method: http.MethodPost, status: http.StatusCreated, says: `"istio-proxy"`,
		ask: func(int) (string, []byte) { return podsPath(injected), []byte(pod) },
	}
	routes = work{
		what: "VirtualServices created", many: routesMade, atATime: atATime, method: http.MethodPost, status: http.StatusCreated, says: `"kind":"VirtualService"`,
		ask: func(n int) (string, []byte) {
			return istioPath("virtualservices"), fmt.Appendf(nil, route, n, "v2")
		},
	}
	badRoutes = work{
		what: "VirtualServices refused", many: routesRefused, atATime: atATime, method: http.MethodPost, status: http.StatusForbidden, says: "undefined-subset",
		ask: func(n int) (string, []byte) { // of services that have no routes yet
			return istioPath("virtualservices"), fmt.Appendf(nil, route, routesMade+n, "v9")
		},
	}
	goneRoutes = work{
		what: "VirtualServices deleted", many: routesMade, atATime: atATime, method: http.MethodDelete, status: http.StatusOK, says: "Success",
		ask: func(n int) (string, []byte) {
			return fmt.Sprintf("%s/service-%d", istioPath("virtualservices"), n), nil
		},
	}
)

func podsPath(namespace string) string { return "/api/v1/namespaces/" + namespace + "/pods?dryRun=All" }
