package mutate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"

	"github.com/meshward/meshward/pkg/mutate"
)

// ownPaths are what a patch may change: these, and all below them.
var ownPaths = []string{
	"/metadata/annotations",
	"/metadata/labels",
	"/spec/containers",
	"/spec/imagePullSecrets",
	"/spec/initContainers",
	"/spec/securityContext", // by a template of the cases
	"/spec/volumes",
}

// checkLaws treats the pod as a request does, and holds the outcome against what
// is promised for every pod:
//
//   - a warning is one that the API server lets through;
//   - the patch is valid and applies;
//   - it changes what is ours to change only;
//   - all that the original says is still said, but for the calls and the annotations
//     that the agent answers for;
//   - a second look at the pod finds nothing more to do.
//
// The last two are not promised for pods that the API server refuses in any case, where two
// items of a list have one name, or one has none, nor where an annotation overrides the pod.
func checkLaws(tb testing.TB, injector *mutate.Injector, raw []byte, namespace string) {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		return
	}
	decision := injector.Decide(pod, namespace)
	if strings.ContainsFunc(decision.Warning, unicode.IsControl) {
		tb.Errorf("the warning holds a control character: %q", decision.Warning)
	}
	if !decision.Inject {
		return
	}
	injection, err := injector.Inject(mutate.Request{Raw: raw, Pod: pod, Workload: mutate.WorkloadOf(pod, namespace)})
	if err != nil {
		return
	}
	for _, warning := range injection.Warnings {
		if strings.ContainsFunc(warning, unicode.IsControl) {
			tb.Errorf("the warning holds a control character: %q", warning)
		}
	}
	for _, path := range foreignPaths(tb, injection.Patch) {
		tb.Errorf("the patch touches %s", path)
	}
	injected := apply(tb, raw, injection.Patch)
	if _, overridden := pod.Annotations["proxy.istio.io/overrides"]; overridden || !wellNamed(pod) {
		return
	}
	for _, path := range lost("", parse(tb, raw), parse(tb, injected)) {
		tb.Errorf("the value at %q is lost", path)
	}
	again, err := mutate.Decode(injected)
	if err != nil {
		tb.Fatalf("the injected pod cannot be read: %v", err)
	}
	if got := injector.Decide(again, namespace).Reason.Name; got != "already-injected" {
		tb.Errorf("the injected pod is judged %s", got)
	}
	repair, err := injector.Repair(mutate.Request{Raw: injected, Pod: again, Workload: mutate.WorkloadOf(again, namespace)})
	if err != nil || len(repair) > 0 {
		tb.Errorf("the injected pod is repaired: %s %v", repair.JSON(), err)
	}
}

// foreignPaths reads the patch as its receiver does.
func foreignPaths(tb testing.TB, patch mutate.Patch) []string {
	tb.Helper()
	var operations []struct{ Op, Path string }
	if err := json.Unmarshal(patch.JSON(), &operations); err != nil {
		tb.Fatalf("the patch is not JSON: %v", err)
	}
	var foreign []string
	for _, operation := range operations {
		own := operation.Op == "add" && (operation.Path == "/metadata" || operation.Path == "/spec") || slices.ContainsFunc(ownPaths, func(path string) bool {
			return operation.Path == path || strings.HasPrefix(operation.Path, path+"/")
		})
		if !own {
			foreign = append(foreign, operation.Op+" "+operation.Path)
		}
	}
	return foreign
}

// settled are what injection decides, whatever the pod says: the calls of the kubelet that
// the agent answers, an image that stands for the template's, and what a strategic merge
// replaces or keeps by rules of its own.
var settled = []string{"httpGet", "tcpSocket", "grpc", "image"}

// lost returns the paths at which the original says something that the injected pod does
// not say.
func lost(path string, original, injected any) []string {
	if original == nil {
		return nil // null counts as absent
	}
	switch original := original.(type) {
	case map[string]any:
		return lostFields(path, original, injected)
	case []any:
		if items, is := injected.([]any); is && byName(original) && byName(items) {
			return lostItems(path, original, items)
		}
	}
	if !cmp.Equal(original, injected) {
		return []string{path}
	}
	return nil
}

func lostFields(path string, original map[string]any, injected any) []string {
	fields, ok := injected.(map[string]any)
	if !ok && len(original) > 0 {
		return []string{path}
	}
	var paths []string
	for key, value := range original {
		told := path == "/metadata/annotations" && (key == "istio.io/rev" || strings.HasPrefix(key, "prometheus"))
		if !told && !slices.Contains(settled, key) {
			paths = append(paths, lost(path+"/"+key, value, fields[key])...)
		}
	}
	return paths
}

func lostItems(path string, original, injected []any) []string {
	var paths []string
	for _, item := range original {
		name := item.(map[string]any)["name"]
		i := slices.IndexFunc(injected, func(other any) bool { return other.(map[string]any)["name"] == name })
		if i < 0 {
			if name == "istio-proxy" {
				continue // it has moved to where the template has it
			}
			paths = append(paths, fmt.Sprint(path, "/", name))
			continue
		}
		paths = append(paths, lost(fmt.Sprint(path, "/", name), item, injected[i])...)
	}
	return paths
}

// byName reports whether the items of a list have names, no two the same.
func byName(items []any) bool {
	seen := map[string]bool{}
	for _, item := range items {
		fields, _ := item.(map[string]any)
		name, _ := fields["name"].(string)
		if name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

func parse(tb testing.TB, raw []byte) any {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		tb.Fatal(err)
	}
	return value
}

func TestLawsOnCases(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			if slices.Contains([]string{"openshift", "directive", "null-metadata", "null-takes-away"}, c.name) {
				return // what they take away, they take away on purpose
			}
			checkLaws(t, c.injector(t), c.raw(t), c.settings(t).Namespace)
		})
	}
}

func TestLawsOnRandomPods(t *testing.T) {
	injectors := defaultInjectors(t)
	for seed := range int64(100) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			raw := randomPod(t, seed)
			for _, injector := range injectors {
				checkLaws(t, injector, raw, "default")
			}
		})
	}
}

// randomPod returns a pod in which about a third of the optional fields are set,
// with text from all of Unicode.
func randomPod(t *testing.T, seed int64) []byte {
	t.Helper()
	filler := randfill.NewWithSeed(seed).NilChance(0.7).NumElements(0, 3).Funcs(
		func(m *metav1.TypeMeta, _ randfill.Continue) { *m = metav1.TypeMeta{} },
		func(f *metav1.FieldsV1, _ randfill.Continue) { f.SetRawBytes([]byte(`{}`)) },
		func(v *intstr.IntOrString, c randfill.Continue) { *v = intstr.FromInt32(c.Int31()) },
		func(spec *corev1.PodSpec, c randfill.Continue) {
			c.FillNoCustom(spec)
			spec.HostNetwork = false
			spec.Containers = append(spec.Containers, corev1.Container{Name: "web"})
			for i := range spec.InitContainers {
				spec.InitContainers[i].Name += fmt.Sprint("-init-", i)
			}
			for i := range spec.Containers {
				spec.Containers[i].Name += fmt.Sprint("-", i)
			}
			for i := range spec.Volumes {
				spec.Volumes[i].Name += fmt.Sprint("-", i)
			}
		},
	)
	var pod corev1.Pod
	filler.Fill(&pod)
	raw, err := json.Marshal(&pod)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func FuzzInject(f *testing.F) {
	for _, c := range loadCases(f) {
		f.Add(c.raw(f))
	}
	injectors := defaultInjectors(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, injector := range injectors {
			checkLaws(t, injector, raw, "default")
		}
	})
}

// defaultInjectors returns a native and a classic injector of the embedded template.
func defaultInjectors(tb testing.TB) []*mutate.Injector {
	tb.Helper()
	var injectors []*mutate.Injector
	for _, native := range []bool{true, false} {
		injector, err := mutate.New(mutate.Config{NativeSidecars: native})
		if err != nil {
			tb.Fatal(err)
		}
		injectors = append(injectors, injector)
	}
	return injectors
}

// One injector serves all requests at once, and what one pod renders must not
// show in another's patch.
func TestInjectConcurrently(t *testing.T) {
	injector := defaultInjectors(t)[0]
	c := loadCase(t, "bookinfo-native")
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			name := fmt.Sprintf(`"web-%d"`, worker)
			raw := bytes.ReplaceAll(c.raw(t), []byte(`"reviews"`), []byte(name))
			raw = bytes.Replace(raw, []byte(`"containers":[{`), []byte(`"containers":[{"livenessProbe":{"tcpSocket":{"port":80}},`), 1)
			want := inject(t, injector, raw)
			if !bytes.Contains(want, []byte(name)) {
				t.Errorf("the patch does not name container %s", name)
			}
			for i := range 50 {
				// No template sees it, and no pod is remembered under it.
				uid := fmt.Appendf(nil, `"metadata":{"uid":"%d-%d",`, worker, i)
				other := bytes.Replace(raw, []byte(`"metadata":{`), uid, 1)
				if got := inject(t, injector, other); !bytes.Equal(got, want) {
					t.Errorf("a pod got another patch than before:\n%s\nbefore:\n%s", got, want)
				}
			}
		})
	}
	group.Wait()
}

// inject goes the whole way of a request. It may be called from any goroutine.
func inject(tb testing.TB, injector *mutate.Injector, raw []byte) []byte {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		tb.Error(err)
		return nil
	}
	if decision := injector.Decide(pod, "default"); !decision.Inject {
		tb.Errorf("not injected: %s", decision.Reason)
		return nil
	}
	injection, err := injector.Inject(mutate.Request{Raw: raw, Pod: pod, Workload: mutate.WorkloadOf(pod, "default")})
	if err != nil {
		tb.Error(err)
		return nil
	}
	return injection.Patch.JSON()
}
