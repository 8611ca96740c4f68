// Package sized makes meshes of any size, the same one each time, in the shape that real
// ones have: every service with its rule and its route, and a few hosts with hundreds of
// fragments.
//
// It knows what the objects look like. It must not know what is measured with them.
package sized

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// Object is an object as the API server sends it.
type Object struct {
	Ref  mesh.Ref
	JSON []byte
}

// Crowd is how many fragments a crowded host of the gateway has, in a mesh of at least
// thirty times as many services.
const Crowd = 200

const (
	perTeam    = 50  // services in a namespace
	perOutside = 10  // services for each that is open to the outside
	perEntry   = 20  // services for each host outside of the cluster
	perSidecar = 500 // services for each namespace whose sidecars import only some
)

// Team is the namespace of a service.
func Team(service int) string { return fmt.Sprintf("team-%d", service/perTeam) }

// Name is the name of a service, of its DestinationRule and of its VirtualService.
func Name(service int) string { return fmt.Sprintf("service-%d", service) }

// Mesh is a mesh of so many services.
func Mesh(services int) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, o := range around() {
			if !yield(o) {
				return
			}
		}
		for i := range services {
			for _, o := range of(i) {
				if !yield(o) {
					return
				}
			}
		}
	}
}

// around is what a mesh has once.
func around() []Object {
	return []Object{
		encoded(0, mesh.KindNamespace, "", "ingress", spec{}),
		encoded(0, mesh.KindService, "ingress", "ingressgateway", spec{
			"selector": spec{"istio": "ingressgateway"}, "ports": []spec{{"name": "http2", "port": 80, "targetPort": 8080}},
		}),
		encoded(0, mesh.KindGateway, "ingress", "public", Opening("*.example.com")),
	}
}

// of is what there is of one service.
func of(i int) []Object {
	objects := []Object{
		encoded(i, mesh.KindService, Team(i), Name(i), Service(80)),
		encoded(i, mesh.KindDestinationRule, Team(i), Name(i), Rule(i, "v1", "v2")),
		encoded(i, mesh.KindVirtualService, Team(i), Name(i), Route(i, "v2")),
	}
	if i%perTeam == 0 {
		objects = append(objects,
			encoded(i, mesh.KindNamespace, "", Team(i), spec{}),
			encoded(i, mesh.KindDestinationRule, Team(i), "all", spec{
				"host": "*." + Team(i) + ".svc.cluster.local", "exportTo": []string{"."}, "trafficPolicy": spec{"tls": spec{"mode": "ISTIO_MUTUAL"}},
			}),
		)
	}
	if i%perOutside == 7 {
		objects = append(objects, encoded(i, mesh.KindVirtualService, Team(i), Name(i)+"-outside", Fragment(i, "v2")))
	}
	if i%perOutside == 3 {
		objects = append(objects, encoded(i, mesh.KindGateway, Team(i), Name(i), Opening(fmt.Sprintf("%s.example.net", Name(i)))))
	}
	if i%perEntry == 0 {
		objects = append(objects, encoded(i, mesh.KindServiceEntry, Team(i), Name(i)+"-partner", Partner(i, 443)))
	}
	if i%perSidecar == 1 {
		objects = append(objects, encoded(i, mesh.KindSidecar, Team(i), "default", spec{
			"egress": []spec{{"hosts": []string{"./*", "istio-system/*", "ingress/*"}}},
		}))
	}
	return objects
}

type spec map[string]any

// Service is the spec of a Service with a port.
func Service(port int) map[string]any {
	return spec{"type": "ClusterIP", "ports": []spec{{"name": "http", "port": port, "targetPort": 8080, "protocol": "TCP"}}}
}

// Rule is the spec of the DestinationRule of a service with some subsets. Every twentieth is
// for its own namespace alone.
func Rule(service int, subsets ...string) map[string]any {
	var list []spec
	for _, name := range subsets {
		list = append(list, spec{"name": name, "labels": spec{"version": name}})
	}
	rule := spec{"host": Name(service), "subsets": list, "trafficPolicy": spec{"connectionPool": spec{"tcp": spec{"maxConnections": 100}}}}
	if private(service) {
		rule["exportTo"] = []string{"."}
	}
	return rule
}

// Route is the spec of the VirtualService of a service, which sends a tenth of the traffic
// to another subset, and all that asks for it.
func Route(service int, other string) map[string]any {
	to := func(subset string) spec { return spec{"host": Name(service), "subset": subset} }
	route := spec{"hosts": []string{Name(service)}, "http": []spec{
		{"match": []spec{{"headers": spec{"x-canary": spec{"exact": "yes"}}}}, "route": []spec{{"destination": to(other)}}},
		{"timeout": "5s", "route": []spec{{"destination": to("v1"), "weight": 90}, {"destination": to(other), "weight": 10}}},
	}}
	if private(service) {
		route["exportTo"] = []string{"."}
	}
	return route
}

func private(service int) bool { return service%20 == 5 }

// Fragment is the spec of a VirtualService that opens a path of a host of the gateway to a
// service. A third of all hosts are shared by many: those are crowded.
func Fragment(service int, subset string) map[string]any {
	host := fmt.Sprintf("%s.example.com", Name(service))
	if outside := service / perOutside; outside%3 == 0 {
		host = fmt.Sprintf("shop-%d.example.com", outside/3/Crowd)
	}
	return Under(host, service, subset)
}

// Under is the spec of a VirtualService that opens a path of a host to a service.
func Under(host string, service int, subset string) map[string]any {
	return spec{"hosts": []string{host}, "gateways": []string{"ingress/public"}, "http": []spec{{
		"match": []spec{{"uri": spec{"prefix": "/" + Name(service) + "/"}}},
		"route": []spec{{"destination": spec{"host": Name(service) + "." + Team(service) + ".svc.cluster.local", "subset": subset, "port": spec{"number": 80}}}},
	}}}
}

// Opening is the spec of a Gateway on the pods that all share.
func Opening(hosts ...string) map[string]any {
	return spec{"selector": spec{"istio": "ingressgateway"}, "servers": []spec{
		{"port": spec{"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts},
	}}
}

// Partner is the spec of a ServiceEntry.
func Partner(service, port int) map[string]any {
	return spec{
		"hosts": []string{fmt.Sprintf("api-%d.partner.org", service)}, "resolution": "DNS", "location": "MESH_EXTERNAL",
		"ports": []spec{{"number": port, "name": "tls", "protocol": "TLS"}},
	}
}

// encoded is an object with the metadata that stored ones have, that of whoever wrote it
// included. The later the service, the younger is what it has.
func encoded(service int, kind mesh.Kind, namespace, name string, content map[string]any) Object {
	metadata := spec{
		"name": name, "uid": fmt.Sprintf("00000000-0000-0000-0000-%012d", service), "resourceVersion": fmt.Sprint(1000 + service), "generation": 1,
		"creationTimestamp": time.Unix(1_700_000_000+int64(service), 0).UTC().Format(time.RFC3339),
		"labels":            spec{"app": name, "app.kubernetes.io/managed-by": "Helm"},
		"annotations":       spec{"meta.helm.sh/release-name": name},
		"managedFields": []spec{{
			"manager": "helm", "operation": "Apply", "apiVersion": kind.GroupVersion().String(), "time": "2023-11-14T22:13:20Z", "fieldsType": "FieldsV1",
			"fieldsV1": spec{"f:metadata": spec{"f:labels": spec{"f:app": spec{}}}, "f:spec": spec{"f:hosts": spec{}, "f:http": spec{}, "f:subsets": spec{}}},
		}},
	}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	object := spec{"apiVersion": kind.GroupVersion().String(), "kind": string(kind), "metadata": metadata, "spec": content}
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return Object{mesh.Ref{Kind: kind, Namespace: namespace, Name: name}, raw}
}

// With returns an object of a mesh with another spec.
func With(kind mesh.Kind, service int, name string, content map[string]any) (*mesh.Object, error) {
	namespace := Team(service)
	return mesh.Decode(kind, encoded(service, kind, namespace, name, content).JSON)
}

// Snapshot is a mesh of so many services, with more objects if there are any.
func Snapshot(services int, more ...*mesh.Object) (*mesh.Snapshot, error) {
	settings := mesh.DefaultConfig()
	settings.Complete = true
	var changes []mesh.Change
	for o := range Mesh(services) {
		object, err := mesh.Decode(o.Ref.Kind, o.JSON)
		if err != nil {
			return nil, err
		}
		changes = append(changes, mesh.Change{New: object})
	}
	for _, object := range more {
		changes = append(changes, mesh.Change{New: object})
	}
	return mesh.Empty(settings).Apply(changes...), nil
}
