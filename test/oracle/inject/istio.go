package inject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/gvk"
	commonfeatures "istio.io/istio/pkg/features"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/kube/multicluster"
	"istio.io/istio/pkg/log"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Istio is Istio's own injector.
type Istio struct {
	mu        sync.Mutex
	installed map[*files.Files]*installed
	gate      gate
}

// installed is Istio's injector with the files of one installation.
type installed struct {
	config inject.Config
	values inject.ValuesConfig
	mesh   *meshconfig.MeshConfig
	// text are the values as they came.
	text, revision string

	// mu is held while the webhook answers, because the resources of a mesh are the
	// environment's and not the request's.
	mu  sync.Mutex
	env *model.Environment
	mux *http.ServeMux
}

// NewIstio is Istio's injector, and keeps it from logging.
func NewIstio() *Istio {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	return &Istio{installed: map[*files.Files]*installed{}}
}

// CommandLine does what "istioctl kube-inject" does when it is given all three files.
func (i *Istio) CommandLine(f *files.Files, manifest []byte) (out []byte, warnings []string, err error) {
	with, err := i.with(f)
	if err != nil {
		return nil, nil, err
	}
	i.gate.enter(environment{f.Native, f.Compliance})
	defer i.gate.leave()
	var text bytes.Buffer
	warn := func(line string) { warnings = append(warnings, line) }
	err = inject.IntoResourceFile(nil, with.config.Templates, with.values, f.Revision, with.mesh, bytes.NewReader(manifest), &text, warn)
	return text.Bytes(), warnings, err
}

// Webhook asks the handler that istiod serves.
func (i *Istio) Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error) {
	with, err := i.with(f)
	if err != nil {
		return nil, "", err
	}
	body, err := Review(r)
	if err != nil {
		return nil, "", err
	}
	i.gate.enter(environment{f.Native, f.Compliance})
	defer i.gate.leave()
	answer, err := with.answer(r, body)
	if err != nil {
		return nil, "", err
	}
	if !answer.Allowed {
		denied = "no reason given"
		if answer.Result != nil && answer.Result.Message != "" {
			denied = answer.Result.Message
		}
		return nil, denied, nil
	}
	return answer.Patch, "", nil
}

// Handler is what istiod serves, for a mesh without ProxyConfigs.
func (i *Istio) Handler(f *files.Files) (http.Handler, error) {
	with, err := i.with(f)
	if err != nil {
		return nil, err
	}
	with.mu.Lock()
	defer with.mu.Unlock()
	if err := with.serve(); err != nil {
		return nil, err
	}
	with.env.SetPushContext(&model.PushContext{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.gate.enter(environment{f.Native, f.Compliance})
		defer i.gate.leave()
		with.mux.ServeHTTP(w, r)
	}), nil
}

// Review is a request as the body that the API server sends.
func Review(r *gen.Request) ([]byte, error) {
	return json.Marshal(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID:       types.UID("00000000-0000-0000-0000-000000000000"),
			Kind:      metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
			Namespace: r.Namespace,
			Operation: admissionv1.Create,
			Object:    runtime.RawExtension{Raw: r.Pod},
		},
	})
}

func (i *installed) answer(r *gen.Request, body []byte) (*admissionv1.AdmissionResponse, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.serve(); err != nil {
		return nil, err
	}
	i.env.SetPushContext(&model.PushContext{ProxyConfigs: model.GetProxyConfigs(resources{of: r}, i.mesh)})
	request := httptest.NewRequest(http.MethodPost, r.Path, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	i.mux.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		return nil, fmt.Errorf("%d: %s", recorder.Code, recorder.Body)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil {
		return nil, err
	}
	if review.Response == nil {
		return nil, errors.New("the review has no response")
	}
	return review.Response, nil
}

// with is the injector with some files, which are parsed once.
func (i *Istio) with(f *files.Files) (*installed, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if known := i.installed[f]; known != nil {
		return known, nil
	}
	parsed := &installed{}
	var err error
	if parsed.config, err = inject.UnmarshalConfig(f.Config); err != nil {
		return nil, err
	}
	if parsed.values, err = inject.NewValuesConfig(string(f.Values)); err != nil {
		return nil, err
	}
	if parsed.mesh, err = mesh.ApplyMeshConfig(string(f.Mesh), mesh.DefaultMeshConfig()); err != nil {
		return nil, err
	}
	parsed.env = &model.Environment{Watcher: meshwatcher.NewTestWatcher(parsed.mesh)}
	parsed.text, parsed.revision = string(f.Values), f.Revision
	i.installed[f] = parsed
	return parsed, nil
}

// serve makes the webhook, once.
func (i *installed) serve() error {
	if i.mux != nil {
		return nil
	}
	mux := http.NewServeMux()
	_, err := inject.NewWebhook(inject.WebhookParameters{
		Watcher: watcher{i}, Env: i.env, Mux: mux, Revision: i.revision, MultiCluster: multicluster.NewFakeController(),
	})
	if err != nil {
		return err
	}
	i.mux = mux
	return nil
}

// watcher gives the webhook files that never change.
type watcher struct{ of *installed }

// SetHandler has nothing to do.
func (watcher) SetHandler(func(*inject.Config, string) error) {}

// Run has nothing to do.
func (watcher) Run(<-chan struct{}) {}

// Get returns the files.
func (w watcher) Get() (*inject.Config, string, error) { return &w.of.config, w.of.text, nil }

// resources are the ProxyConfigs of a request, as what istiod has stored.
type resources struct {
	model.ConfigStore
	of *gen.Request
}

// List returns those of a kind.
func (s resources) List(kind config.GroupVersionKind, _ string) []config.Config {
	if kind != gvk.ProxyConfig {
		return nil
	}
	var all []config.Config
	for _, pc := range s.of.ProxyConfigs {
		all = append(all, config.Config{
			Meta: config.Meta{
				GroupVersionKind: gvk.ProxyConfig, Name: pc.Name, Namespace: pc.Namespace, CreationTimestamp: pc.CreationTimestamp.Time,
			},
			Spec: &pc.Spec,
		})
	}
	return all
}

// environment is what Istio's injector has from the environment of its process: whether
// native sidecars are on, and what cryptography has to comply with.
type environment struct {
	native     bool
	compliance string
}

// gate lets those in together who agree on the environment, which in Istio are variables of
// the process.
type gate struct {
	mu     sync.Mutex
	empty  *sync.Cond
	inside int
	of     environment
}

func (g *gate) enter(of environment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = sync.NewCond(&g.mu)
	}
	for g.inside > 0 && g.of != of {
		g.empty.Wait()
	}
	g.inside++
	g.of = of
	features.EnableNativeSidecars = features.NativeSidecarModeDisabled
	if of.native {
		features.EnableNativeSidecars = features.NativeSidecarModeEnabled
	}
	commonfeatures.CompliancePolicy = of.compliance
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.inside == 0 {
		g.empty.Broadcast()
	}
}
