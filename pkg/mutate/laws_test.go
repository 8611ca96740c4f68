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

// ownPaths are where a patch may add: these, and the children of these.
var ownPaths = []string{
	"/metadata",
	"/metadata/annotations",
	"/metadata/labels",
	"/spec/containers",
	"/spec/imagePullSecrets",
	"/spec/initContainers",
	"/spec/volumes",
}

// checkLaws treats the pod as a request does, and holds the outcome against what
// is promised for every pod:
//
//   - a warning is one that the API server lets through;
//   - the patch is valid and applies;
//   - it adds at paths of our own only;
//   - every value of the original is still there;
//   - a second look at the pod finds nothing more to do.
func checkLaws(tb testing.TB, injector *mutate.Injector, raw []byte, namespace string) {
	tb.Helper()
	pod, err := mutate.Decode(raw)
	if err != nil {
		return
	}
	decision := mutate.Decide(pod, namespace)
	if strings.ContainsFunc(decision.Warning, unicode.IsControl) {
		tb.Errorf("the warning holds a control character: %q", decision.Warning)
	}
	if !decision.Inject {
		return
	}
	patch, err := injector.Inject(raw, pod, mutate.WorkloadOf(pod, namespace))
	if err != nil {
		return
	}
	for _, path := range foreignPaths(tb, patch) {
		tb.Errorf("the patch touches %s", path)
	}
	injected := apply(tb, raw, patch)
	for _, path := range lost("", parse(tb, raw), parse(tb, injected)) {
		tb.Errorf("the value at %q is lost", path)
	}
	again, err := mutate.Decode(injected)
	if err != nil {
		tb.Fatalf("the injected pod cannot be read: %v", err)
	}
	if got := mutate.Decide(again, namespace).Reason.Name; got != "already-injected" {
		tb.Errorf("the injected pod is judged %s", got)
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
		parent := operation.Path[:strings.LastIndexByte(operation.Path, '/')]
		own := slices.Contains(ownPaths, operation.Path) || slices.Contains(ownPaths[1:], parent)
		if operation.Op != "add" || !own {
			foreign = append(foreign, operation.Op+" "+operation.Path)
		}
	}
	return foreign
}

// lost returns the paths at which the original holds something that the
// injected pod does not.
func lost(path string, original, injected any) []string {
	if original == nil && slices.Contains(ownPaths, path) {
		return nil // null counts as absent
	}
	switch original := original.(type) {
	case map[string]any:
		injected, ok := injected.(map[string]any)
		if !ok {
			return []string{path}
		}
		var paths []string
		for key, value := range original {
			if path == "/metadata/annotations" && key == "istio.io/rev" {
				continue // the injector's to say
			}
			paths = append(paths, lost(path+"/"+key, value, injected[key])...)
		}
		return paths
	case []any:
		injected, ok := injected.([]any)
		if ok && slices.Contains(ownPaths, path) && isEnd(original, injected) {
			return nil
		}
	}
	if !cmp.Equal(original, injected) {
		return []string{path}
	}
	return nil
}

// isEnd reports whether the original list is one end of the injected one.
func isEnd(original, injected []any) bool {
	added := len(injected) - len(original)
	return added >= 0 && (cmp.Equal(original, injected[:len(original)]) || cmp.Equal(original, injected[added:]))
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
			want := inject(t, injector, raw)
			if !bytes.Contains(want, []byte(name)) {
				t.Errorf("the patch does not name container %s", name)
			}
			for range 50 {
				if got := inject(t, injector, raw); !bytes.Equal(got, want) {
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
	if decision := mutate.Decide(pod, "default"); !decision.Inject {
		tb.Errorf("not injected: %s", decision.Reason)
		return nil
	}
	patch, err := injector.Inject(raw, pod, mutate.WorkloadOf(pod, "default"))
	if err != nil {
		tb.Error(err)
		return nil
	}
	return patch.JSON()
}
