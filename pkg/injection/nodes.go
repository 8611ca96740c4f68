package injection

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Native says which sidecars are native, that is, init containers that stay.
type Native string

// What may be said of native sidecars.
const (
	NativeAuto   Native = "auto"  // those that every node can run
	NativeAlways Native = "true"  // all
	NativeNever  Native = "false" // none
)

// Set takes what a flag says.
func (n *Native) Set(text string) error {
	switch given := Native(text); given {
	case NativeAuto, NativeAlways, NativeNever:
		*n = given
		return nil
	default:
		return fmt.Errorf("it must be %s, %s or %s", NativeAuto, NativeAlways, NativeNever)
	}
}

// String is what a flag says.
func (n *Native) String() string { return string(*n) }

// Type is how the help calls what a flag says.
func (n *Native) Type() string { return "auto|true|false" }

// The first kubelets that run native sidecars: for Jobs, which would never complete
// otherwise, as soon as it is on by default; for all once it is as stable as the rest.
var (
	nativeJobsSince = version.MajorMinor(1, 29)
	nativeSince     = version.MajorMinor(1, 33)
)

// native is which sidecars are native.
type native struct{ all, jobs bool }

// nativeOn returns which sidecars every node can run as native ones, and the node that
// can do least. Where no node is known, all are taken to be new: no pod can start there
// yet.
func nativeOn(kubelets map[client.ObjectKey]string) (on native, weakest string) {
	var oldest *version.Version
	for key, kubelet := range kubelets {
		v, err := version.ParseGeneric(kubelet)
		if err != nil {
			v = version.MajorMinor(0, 0) // whatever it is, nothing is known of it
		}
		name := fmt.Sprintf("%s (%s)", key.Name, kubelet)
		if oldest == nil || v.LessThan(oldest) || v.EqualTo(oldest) && name < weakest {
			oldest, weakest = v, name
		}
	}
	if oldest == nil {
		return native{all: true, jobs: true}, ""
	}
	return native{all: oldest.AtLeast(nativeSince), jobs: oldest.AtLeast(nativeJobsSince)}, weakest
}

// watchNodes has the versions of the kubelets read; of a Node nothing else is kept.
func (k *Keeper) watchNodes() {
	k.kubelets = &table[string]{
		row: func(object client.Object) (string, error) {
			node, ok := object.(*corev1.Node)
			if !ok {
				return "", fmt.Errorf("a %T is no Node", object)
			}
			return node.Status.NodeInfo.KubeletVersion, nil
		},
		same:    func(a, b string) bool { return a == b },
		changed: k.news.wake,
		log:     k.log,
	}
	k.watches = append(k.watches, watch{
		name:   "Node",
		object: &corev1.Node{},
		list:   func() client.ObjectList { return &corev1.NodeList{} },
		into:   k.kubelets,
		unread: k.kubelets.unread,
	})
}

// native returns which sidecars are native now, and the node to which that is due.
func (k *Keeper) native() (on native, weakest string) {
	switch k.options.NativeSidecars {
	case NativeAlways:
		return native{all: true, jobs: true}, ""
	case NativeNever:
		return native{all: false, jobs: false}, ""
	case NativeAuto:
	}
	kubelets, _ := k.kubelets.all()
	return nativeOn(kubelets)
}
