package injection

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

// config is a configuration with one template, whose image is what the values call
// "image" and whose tag it brings itself. Values of another pair do not fit.
func config(tag string) string {
	return fmt.Sprintf(`policy: enabled
templates:
  sidecar: |
    spec:
      containers:
      - name: istio-proxy
        image: '{{ if ne .Values.global.tag %[1]q }}{{ fail "a mixed pair" }}{{ end }}proxy:%[1]s'
`, tag)
}

func values(tag string) string { return fmt.Sprintf(`{"global": {"tag": %q}}`, tag) }

// served is a keeper with a stage around it.
type served struct {
	*Keeper
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func serve(options Options) served {
	s := served{registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	s.Keeper = newKeeper(nil, options, s.registry, slog.New(slog.NewTextHandler(s.log, nil)))
	return s
}

// state is which proxy is injected, with its node's part of the configuration, and what
// the gauge says of it.
func (s served) state(t *testing.T) string {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	gauge := -1.0
	for _, family := range families {
		if family.GetName() == "meshward_injector_config_reload_success" {
			gauge = family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return fmt.Sprintf("%s success %v", image(t, s.Injector()), gauge)
}

// image is that of the proxy that an injector injects.
func image(t *testing.T, injector *mutate.Injector) string {
	t.Helper()
	if injector == nil {
		return "none"
	}
	raw := []byte(`{"metadata":{"name":"a","namespace":"a"},"spec":{"containers":[{"name":"a","image":"a"}]}}`)
	pod, err := mutate.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	injected, _, err := injector.IntoPod(pod, mutate.WorkloadOf(pod, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, container := range slices.Concat(injected.Spec.InitContainers, injected.Spec.Containers) {
		if container.Name == "istio-proxy" {
			return container.Image
		}
	}
	return "no proxy"
}

// mount puts files into a folder as the kubelet mounts a ConfigMap: behind a link that is
// replaced as a whole.
func mount(t *testing.T, folder string, data map[string]string) Files {
	t.Helper()
	version := t.TempDir()
	must := func(err error) {
		if err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	for key, text := range data {
		must(os.WriteFile(filepath.Join(version, key), []byte(text), 0o600))
		must(os.Symlink(filepath.Join("..data", key), filepath.Join(folder, key)))
	}
	must(os.Symlink(version, filepath.Join(folder, "..next")))
	must(os.Rename(filepath.Join(folder, "..next"), filepath.Join(folder, "..data")))
	return Files{Config: filepath.Join(folder, "config"), Values: filepath.Join(folder, "values")}
}

func pair(tag string) map[string]string {
	return map[string]string{"config": config(tag), "values": values(tag)}
}

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	s := serve(Options{Files: mount(t, folder, pair("1")), NativeSidecars: NativeNever})
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	if err := s.resources.Replace(nil, ""); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		does string
		do   func()
		want string
		log  string
	}{
		{"the start", func() {}, "proxy:1 success 1", "is in effect"},
		{"nothing", func() {}, "proxy:1 success 1", ""},
		{"another pair", func() { mount(t, folder, pair("2")) }, "proxy:2 success 1", "is in effect"},
		{"values of another pair", func() { mount(t, folder, map[string]string{"config": config("3"), "values": values("4")}) }, "proxy:2 success 0", "a mixed pair"},
		{"nothing again", func() {}, "proxy:2 success 0", ""},
		{"the rest of the pair", func() { mount(t, folder, pair("3")) }, "proxy:3 success 1", "in effect again"},
		{"no YAML", func() { mount(t, folder, map[string]string{"config": "a: [", "values": values("3")}) }, "proxy:3 success 0", "cannot read the injection configuration"},
		{"a template that cannot be compiled", func() {
			mount(t, folder, map[string]string{"config": "templates: {sidecar: '{{'}", "values": values("3")})
		}, "proxy:3 success 0", "was not loaded"},
		{"no file", func() { mount(t, folder, map[string]string{"config": config("3")}) }, "proxy:3 success 0", "no such file"},
		{"what was in effect", func() { mount(t, folder, pair("3")) }, "proxy:3 success 1", "in effect again"},
	}
	for _, step := range steps {
		t.Run(step.does, func(t *testing.T) {
			step.do()
			s.log.Reset()
			s.files.reread(t.Context())
			s.refresh()
			if got := s.state(t); got != step.want {
				t.Errorf("%s, want %s; log: %s", got, step.want, s.log)
			}
			if !strings.Contains(s.log.String(), step.log) || step.log == "" && s.log.Len() > 0 {
				t.Errorf("the log says %q, want %q", s.log, step.log)
			}
			if err := s.Ready(); err != nil {
				t.Errorf("not ready: %v", err)
			}
		})
	}
}

// TestOpen refuses to start with files that are missing or wrong.
func TestOpen(t *testing.T) {
	for name, data := range map[string]map[string]string{
		"no such file":                {"config": config("1")},
		"a mixed pair":                {"config": config("1"), "values": values("2")},
		"cannot read the injection c": {"config": "a: [", "values": values("2")},
	} {
		if err := serve(Options{Files: mount(t, t.TempDir(), data)}).open(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

// TestFilesInTheMakingWait checks that a pair of which one file is replaced a moment
// before the other is not taken while it is half of each.
func TestFilesInTheMakingWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		write := func(key, text string) {
			if err := os.WriteFile(filepath.Join(folder, key), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("config", "first")
		write("values", "first")
		f := files{paths: Files{Config: filepath.Join(folder, "config"), Values: filepath.Join(folder, "values")}}
		f.reread(t.Context())
		write("config", "second")
		time.AfterFunc(debounce/2, func() { write("values", "second") })
		if texts, err := f.last(); f.reread(t.Context()) || err != nil || string(texts.Config) != "first" {
			t.Errorf("took %s with %s: %v", texts.Config, texts.Values, err)
		}
		if changed := f.reread(t.Context()); !changed || string(f.texts.Config) != "second" || string(f.texts.Values) != "second" {
			t.Errorf("took %s with %s", f.texts.Config, f.texts.Values)
		}
	})
}

func stored(base string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "mesh", Name: base + "-canary"}, Data: data}
}

func node(name, kubelet string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: kubelet}}}
}

// TestLive goes through the life of Istio's ConfigMaps.
func TestLive(t *testing.T) {
	s := serve(Options{Live: true, Namespace: "mesh", Revision: "canary", NativeSidecars: NativeAuto})
	check := func(does string, err error, want, log string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", does, err)
		}
		s.log.Reset()
		s.refresh()
		if got := s.state(t); got != want {
			t.Errorf("%s: %s, want %s; log: %s", does, got, want, s.log)
		}
		if !strings.Contains(s.log.String(), log) {
			t.Errorf("%s: the log says %q, want %q", does, s.log, log)
		}
	}
	mesh := map[string]string{"mesh": "rootNamespace: roots"}
	injector, meshes := s.injectorMap.rows, s.meshMap.rows
	check("nothing is read", nil, "none success 0", "")
	want := "not read: ConfigMap mesh/istio-sidecar-injector-canary, ConfigMap mesh/istio-canary, ProxyConfig, Node"
	if err := s.Ready(); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("not ready: %v", err)
	}
	check("mesh", meshes.Replace([]any{stored("istio", mesh)}, ""), "none success 0", "")
	check("nodes", s.kubelets.Replace([]any{node("a", "v1.34.1+k3s1")}, ""), "none success 0", "")
	check("resources", s.resources.Replace(nil, ""), "none success 0", "")
	check("no ConfigMap", injector.Replace(nil, ""), "none success 0", "no pod can be injected")
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "ConfigMap mesh/istio-sidecar-injector-canary is missing") {
		t.Errorf("not ready: %v", err)
	}
	check("a ConfigMap", injector.Add(stored("istio-sidecar-injector", pair("1"))), "proxy:1 success 1", `from=mesh/istio-sidecar-injector-canary revision=canary native_sidecars=true native_jobs=true oldest_node="a (v1.34.1+k3s1)"`)
	if err := s.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	check("half a ConfigMap", injector.Update(stored("istio-sidecar-injector", map[string]string{"config": config("2")})), "proxy:1 success 0", `has no key \"values\"`)
	check("another pair", injector.Update(stored("istio-sidecar-injector", pair("2"))), "proxy:2 success 1", "in effect again")
	check("a bad mesh", meshes.Update(stored("istio", map[string]string{"mesh": "rootNamespace: [1]"})), "proxy:2 success 0", "cannot read the mesh configuration")
	// What is wrong keeps nothing else back.
	check("an old node", s.kubelets.Add(node("b", "v1.30.0")), "proxy:2 success 0", "")
	if s.Injector().NativeSidecars || !s.Injector().NativeJobs {
		t.Error("sidecars are native where a node cannot run them")
	}
	check("a good mesh", meshes.Update(stored("istio", map[string]string{"mesh": "rootNamespace: others"})), "proxy:2 success 1", "in effect again")
	check("a resource", s.resources.Add(proxyConfig("a", "others", "", 1)), "proxy:2 success 1", "")
	if got := s.Injector().ProxyConfigs; got == nil || got.RootNamespace != "others" || len(got.In["others"]) != 1 {
		t.Errorf("resources are %v", got)
	}
	check("no ConfigMap any more", injector.Delete(stored("istio-sidecar-injector", nil)), "proxy:2 success 0", "is missing")
	if err := s.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
}

// TestWhatStaysMakesNoNews checks that a kubelet that reports how it is makes no
// injector: that would forget what it knows.
func TestWhatStaysMakesNoNews(t *testing.T) {
	s := serve(Options{NativeSidecars: NativeAuto})
	for _, err := range []error{s.kubelets.Replace([]any{node("a", "v1.33.0")}, ""), s.resources.Replace([]any{proxyConfig("a", "a", "", 1)}, "")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.refresh()
	<-s.news
	before := s.Injector()
	for _, err := range []error{
		s.kubelets.Update(node("a", "v1.33.0")),
		s.kubelets.Replace([]any{node("a", "v1.33.0")}, ""),
		s.resources.Update(proxyConfig("a", "a", "", 1)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.news) > 0 {
		t.Error("nothing changed, and there are news")
	}
	if err := s.kubelets.Add(node("b", "v1.35.0")); err != nil {
		t.Fatal(err)
	}
	s.refresh()
	if s.Injector() != before {
		t.Error("one more node made another injector")
	}
}

func TestNativeOn(t *testing.T) {
	for _, c := range []struct {
		kubelets  string
		all, jobs bool
		weakest   string
	}{
		{"", true, true, ""},
		{"v1.33.0", true, true, "0 (v1.33.0)"},
		{"v1.33.0-rc.1 v1.34.5-gke.100", true, true, "0 (v1.33.0-rc.1)"},
		{"v1.36.3 v1.32.9", false, true, "1 (v1.32.9)"},
		{"v1.29.0 v1.29.0", false, true, "0 (v1.29.0)"},
		{"v1.36.3 v1.28.15-eks-1", false, false, "1 (v1.28.15-eks-1)"},
		{"v2.0.0", true, true, "0 (v2.0.0)"},
		{"v1.36.3 unknown", false, false, "1 (unknown)"},
	} {
		kubelets := map[client.ObjectKey]string{}
		for i, kubelet := range strings.Fields(c.kubelets) {
			kubelets[client.ObjectKey{Name: fmt.Sprint(i)}] = kubelet
		}
		if on, weakest := nativeOn(kubelets); on != (native{all: c.all, jobs: c.jobs}) || weakest != c.weakest {
			t.Errorf("%q: %+v for %q", c.kubelets, on, weakest)
		}
	}
}

func TestNativeFlag(t *testing.T) {
	for given, want := range map[Native]native{NativeAlways: {true, true}, NativeNever: {false, false}} {
		if on, _ := serve(Options{NativeSidecars: given}).native(); on != want {
			t.Errorf("%s: %+v", given, on)
		}
	}
	var n Native
	if err := n.Set("yes"); err == nil {
		t.Error("yes was taken")
	}
}

// proxyConfig is a resource that was made so many seconds after the first, and says so
// with its concurrency.
func proxyConfig(name, namespace, revision string, age int64) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"concurrency": age}}}
	u.SetGroupVersionKind(proxyConfigs)
	u.SetName(name)
	u.SetNamespace(namespace)
	u.SetCreationTimestamp(metav1.Unix(age, 0))
	if revision != "" {
		u.SetLabels(map[string]string{revisionLabel: revision})
	}
	return u
}

func TestArranged(t *testing.T) {
	s := serve(Options{})
	broken := proxyConfig("broken", "a", "", 1)
	broken.Object["spec"] = "no object"
	twin := proxyConfig("y", "b", "", 4)
	twin.SetCreationTimestamp(metav1.Unix(3, 0))
	err := s.resources.Replace([]any{
		proxyConfig("a", "a", "", 5),
		proxyConfig("z", "a", "", 1),
		proxyConfig("z", "b", "", 3),
		twin,
		proxyConfig("theirs", "a", "other", 2),
		proxyConfig("ours", "a", "default", 4),
		broken,
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := s.resources.all()
	arranged := arranged(rows, "default", "root")
	var got []string
	for _, namespace := range slices.Sorted(maps.Keys(arranged.In)) {
		for _, spec := range arranged.In[namespace] {
			got = append(got, fmt.Sprint(namespace, spec.GetConcurrency().GetValue()))
		}
	}
	if want := "a1 a4 a5 b4 b3"; strings.Join(got, " ") != want || arranged.RootNamespace != "root" {
		t.Errorf("got %v, want %s", got, want)
	}
	if !strings.Contains(s.log.String(), "ProxyConfig a/broken") {
		t.Errorf("the log says %q", s.log)
	}
}

// TestBurst checks that what comes at once is looked at once, and what comes later again.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n, looks := make(news, 1), 0
		go func() {
			for n.settled(ctx) {
				looks++
			}
		}()
		for range 5 {
			n.wake()
			time.Sleep(debounce / 6)
		}
		time.Sleep(debounce)
		synctest.Wait()
		if looks != 1 {
			t.Errorf("looked %d times at a burst", looks)
		}
		n.wake()
		time.Sleep(2 * debounce)
		synctest.Wait()
		if looks != 2 {
			t.Errorf("looked %d times", looks)
		}
		cancel()
	})
}

// Of a namespace what OpenShift gives it is kept, and nothing else.
func TestNamespaceAnnotations(t *testing.T) {
	k := serve(Options{OpenShift: true})
	named := func(name string, annotations map[string]string) any {
		return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
	}
	err := k.namespaces.Replace([]any{
		named("shop", map[string]string{"openshift.io/sa.scc.uid-range": "1000/10", "note": "a"}),
		named("plain", map[string]string{"note": "b"}),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := k.NamespaceAnnotations("shop"); len(got) != 1 || got["openshift.io/sa.scc.uid-range"] != "1000/10" {
		t.Errorf("shop has %v", got)
	}
	for _, name := range []string{"plain", "unknown"} {
		if got := k.NamespaceAnnotations(name); len(got) > 0 {
			t.Errorf("%s has %v", name, got)
		}
	}
	elsewhere := serve(Options{})
	if got := elsewhere.NamespaceAnnotations("shop"); got != nil {
		t.Errorf("without OpenShift shop has %v", got)
	}
}

// What only a flag says is in every injector, whatever its texts say.
func TestFlagsReachTheInjector(t *testing.T) {
	k := serve(Options{Revision: "canary", OpenShift: true, CompliancePolicy: "pqc"})
	if got := k.with(mutate.Config{}, native{jobs: true}); got.Revision != "canary" || !got.OpenShift || got.CompliancePolicy != "pqc" || got.NativeSidecars || !got.NativeJobs {
		t.Errorf("%+v", got)
	}
}
