package inject

import (
	"encoding/json"
	"regexp"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// again is how often Istio is asked again where its answer is a matter of luck.
const again = 64

// undecided reports whether Istio, asked some more times, agrees with meshward. Where two
// annotations are one to Prometheus, it takes either.
func (p *Pair) undecided(c *gen.Case, got *Compared) (bool, error) {
	pod := &corev1.Pod{}
	if err := json.Unmarshal(c.Request.Pod, pod); err != nil {
		return false, err
	}
	if got.Ours.Panic != "" || !spelledTwice(pod) {
		return false, nil
	}
	same := Pair{Istio: p.Istio, Ours: fixed{got.Ours}}
	for range again {
		compared, err := same.compareOnly(c, got.Way)
		if err != nil || compared.At == "" {
			return err == nil, err
		}
		if known, err := p.known(c, compared); err != nil || known != "" {
			return err == nil, err
		}
	}
	return false, nil
}

// unlike is all that Prometheus takes for the same in the name of an annotation.
var unlike = regexp.MustCompile(`[^a-zA-Z0-9_]`)

// spelledTwice reports whether two annotations of a pod are one to Prometheus.
func spelledTwice(pod *corev1.Pod) bool {
	seen := map[string]bool{}
	for key := range pod.Annotations {
		key = unlike.ReplaceAllString(key, "_")
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}
