package mutate

import (
	"cmp"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshward/meshward/pkg/templates"
)

// Config is what the sidecars of a mesh have in common. Its zero value stands
// for the embedded template with its default values.
type Config struct {
	// Template draws the sidecar; nil stands for templates.Sidecar().
	Template *templates.Template
	// Values are the template's; nil stands for templates.DefaultValues(). They
	// must not be changed any more.
	Values templates.Values
	// Revision names the control plane that the pods join; "" stands for "default".
	Revision string
	// NativeSidecars runs the proxy as an init container that stays, which
	// Kubernetes can do from 1.29 on.
	NativeSidecars bool
}

// An Injector makes the patches that add sidecars. It may be used by several
// goroutines at once.
type Injector struct {
	template *templates.Template
	mesh     templates.Data // what is the same for every pod
}

// New returns an injector for config. It fails where the values make no image,
// and where a sample pod cannot be injected: a template that does not fit its
// values is found out here, not when a pod arrives.
func New(config Config) (*Injector, error) {
	if config.Template == nil {
		config.Template = templates.Sidecar()
	}
	if config.Values == nil {
		config.Values = templates.DefaultValues()
	}
	image, err := config.Values.ProxyImage()
	if err != nil {
		return nil, err
	}
	injector := &Injector{
		template: config.Template,
		mesh: templates.Data{
			Values:         config.Values,
			Revision:       cmp.Or(config.Revision, "default"),
			NativeSidecars: config.NativeSidecars,
			ProxyImage:     image,
		},
	}
	if err := injector.trySample(); err != nil {
		return nil, fmt.Errorf("the injection template and its values do not fit together: %w", err)
	}
	return injector, nil
}

// Inject returns the patch that adds the sidecar to the pod that Decode made of
// raw. Whether the pod should get one is for Decide to say.
//
// The patch only adds, at places that the template names, so whatever else the
// pod holds survives, known here or not. It fails where the pod has no
// container, where the template does not work for it, and where a name that the
// sidecar needs is taken; the error tells the user what to rename.
func (in *Injector) Inject(raw []byte, pod *corev1.Pod, workload Workload) (Patch, error) {
	patch, err := in.patch(raw, pod, workload)
	if err != nil {
		return nil, fmt.Errorf("%s %s/%s: cannot inject a sidecar: %w", workload.Kind, workload.Namespace, workload.Name, err)
	}
	return patch, nil
}

func (in *Injector) patch(raw []byte, pod *corev1.Pod, workload Workload) (Patch, error) {
	if len(pod.Spec.Containers) == 0 {
		return nil, errors.New("spec.containers is empty; name at least one container")
	}
	data := in.mesh
	data.TypeMeta = metav1.TypeMeta{APIVersion: workload.APIVersion, Kind: workload.Kind}
	data.DeploymentMeta = types.NamespacedName{Namespace: workload.Namespace, Name: workload.Name}
	data.ObjectMeta = &pod.ObjectMeta
	data.Spec = &pod.Spec
	overlay, err := in.template.Render(&data)
	if err != nil {
		return nil, err
	}
	return place(raw, pod, overlay, in.mesh.Revision)
}

func (in *Injector) trySample() error {
	raw := []byte(`{"metadata":{"name":"sample","namespace":"sample"},"spec":{"containers":[{"name":"sample"}]}}`)
	pod, err := Decode(raw)
	if err != nil {
		return err
	}
	_, err = in.Inject(raw, pod, WorkloadOf(pod, "sample"))
	return err
}
