package mutate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// The names that Istio's data plane, its CNI plugin and its tools look for.
const (
	proxyContainer      = "istio-proxy"
	initContainer       = "istio-init"
	validationContainer = "istio-validation"
	coreDumpContainer   = "enable-core-dump"

	injectKey                = "sidecar.istio.io/inject" // a label, or the older annotation
	statusAnnotation         = "sidecar.istio.io/status"
	overridesAnnotation      = "proxy.istio.io/overrides"
	proxyConfigAnnotation    = "proxy.istio.io/config"
	nativeAnnotation         = "sidecar.istio.io/nativeSidecar"
	interceptionAnnotation   = "sidecar.istio.io/interceptionMode"
	statusPortAnnotation     = "status.sidecar.istio.io/port"
	rewriteProbersAnnotation = "sidecar.istio.io/rewriteAppHTTPProbers"

	tproxyMode = "TPROXY"
)

// Decode reads the JSON of a pod, or of a pod template, which has no kind.
// Fields that it does not know are passed over: they need not be understood to
// survive.
//
// It fails where raw is not JSON or not a pod, null included, and where a key stands there
// twice. Readers differ on which of the two counts, so that a patch could land on
// another pod than the one that was judged.
func Decode(raw []byte) (*corev1.Pod, error) {
	if string(bytes.TrimSpace(raw)) == "null" { // which decodes into anything
		return nil, errors.New("cannot read the pod: it is null")
	}
	pod := new(corev1.Pod)
	duplicates, err := kjson.UnmarshalStrict(raw, pod, kjson.DisallowDuplicateFields)
	if err != nil {
		return nil, fmt.Errorf("cannot read the pod: %w", err)
	}
	if len(duplicates) > 0 {
		return nil, fmt.Errorf("cannot read the pod: %w; keep one of the two", duplicates[0])
	}
	if pod.Kind != "" && (pod.Kind != "Pod" || pod.APIVersion != "v1") {
		return nil, fmt.Errorf("cannot read the pod: it is a %s of apiVersion %q, not a Pod of v1", pod.Kind, pod.APIVersion)
	}
	return pod, nil
}

// lacks reports whether raw has no object of a name, metadata or spec, to add to, where a
// pod says nothing of it that is known here: only the bytes tell whether it is there.
func lacks(raw []byte, name string, said any) bool {
	if !reflect.ValueOf(said).Elem().IsZero() {
		return false
	}
	var outer map[string]json.RawMessage
	err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &outer)
	return err == nil && (outer[name] == nil || string(outer[name]) == "null")
}
