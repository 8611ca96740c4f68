package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// question is a review that a replica is asked over and over.
type question struct {
	what string
	path string
	// bodies are the same review by some names, asked in turn.
	bodies [][]byte
	// What every answer has to have in it, and must not.
	says, never string
}

// variants is how many bodies a question has.
const variants = servicesMade

// review is what an API server sends. Its uid is of the length of one.
const review = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5-6393-11e8-b7cc-%012[1]d",
"kind":{"group":%[2]q,"version":"v1","kind":%[3]q},"resource":{"group":%[2]q,"version":"v1","resource":%[4]q},
"requestKind":{"group":%[2]q,"version":"v1","kind":%[3]q},"requestResource":{"group":%[2]q,"version":"v1","resource":%[4]q},
"namespace":%[5]q,"operation":"CREATE",
"userInfo":{"username":"system:serviceaccount:kube-system:replicaset-controller","uid":"3d3a0c52-5b0f-4b0a-9a55-5a9f3c8f7f10","groups":["system:serviceaccounts","system:serviceaccounts:kube-system","system:authenticated"]},
"object":%[6]s,"oldObject":null,"dryRun":false,"options":{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}}}`

// questions are reviews of what the API server itself makes of a pod and of routes, with its
// defaults.
func (b *bench) questions(ctx context.Context) ([]question, error) {
	pods := question{what: "pods injected", path: "/inject", says: `"patch":`, never: `"warnings"`}
	allowed := question{what: "VirtualServices allowed", path: "/validate", says: `"allowed":true`, never: `"warnings"`}
	made, err := b.server.made(ctx, podsPath(plain), []byte(pod), injected)
	if err != nil {
		return nil, err
	}
	for n := range variants {
		pods.bodies = append(pods.bodies, fmt.Appendf(nil, review, n, "", "Pod", "pods", injected, made))
		made, err := b.server.made(ctx, istioPath("virtualservices")+"?dryRun=All", fmt.Appendf(nil, route, n, "v2"), routed)
		if err != nil {
			return nil, err
		}
		allowed.bodies = append(allowed.bodies, fmt.Appendf(nil, review, n, "networking.istio.io", "VirtualService", "virtualservices", routed, made))
	}
	return []question{pods, allowed}, nil
}

// made is an object as the API server shows it to webhooks: complete, and not stored yet.
func (s *server) made(ctx context.Context, path string, body []byte, namespace string) ([]byte, error) {
	status, answer, err := s.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusCreated {
		return nil, fmt.Errorf("POST %s: %d %s", path, status, answer)
	}
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil {
		return nil, err
	}
	metadata, is := object["metadata"].(map[string]any)
	if !is {
		return nil, fmt.Errorf("POST %s: an object without metadata: %s", path, answer)
	}
	delete(metadata, "uid")
	delete(metadata, "creationTimestamp")
	metadata["namespace"] = namespace
	return json.Marshal(object)
}
