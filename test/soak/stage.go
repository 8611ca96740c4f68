package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshward/meshward/test/cluster"
	"github.com/meshward/meshward/test/live/balancer"
	"github.com/meshward/meshward/test/soak/load"
)

// replicas is how many there are throughout.
const replicas = 3

// stage is a control plane with meshward's replicas in front of it and a load on it.
type stage struct {
	*cluster.Cluster
	mode    mode
	client  kubernetes.Interface
	dynamic dynamic.Interface
	fleet   *fleet
	load    *load.Load
	opened  int // calls that failed and were let in, as counted already

	printing sync.Mutex
	out      io.Writer
	began    time.Time
}

// tell prints a line.
func (s *stage) tell(format string, args ...any) {
	s.printing.Lock()
	defer s.printing.Unlock()
	fmt.Fprintf(s.out, "%7.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// await is await with a bound for what should take seconds.
func (s *stage) await(ctx context.Context, what string, question func(context.Context) error) error {
	return await(ctx, what, repairedWithin, question)
}

// openStage starts everything up to the load, which is ready to run. The caller must stop
// the cluster.
func openStage(ctx context.Context, c *cluster.Cluster, m mode, with options, out io.Writer) (*stage, error) {
	s := &stage{Cluster: c, mode: m, out: out, began: time.Now()}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"connect", func(context.Context) error { return s.connect(with) }},
		{"prepare", s.prepare},
		{"put replicas together", func(ctx context.Context) error { return s.assemble(ctx, with) }},
		{"install meshward", func(ctx context.Context) error { return install(ctx, c, m.overlay, s.fleet.balancer.Address()) }},
		{"start replicas", s.startReplicas},
		{"store what the load needs", func(ctx context.Context) error {
			return s.await(ctx, "the routes to be admitted", func(ctx context.Context) error { return apply(ctx, c, load.Manifest()) })
		}},
		{"watch pods", s.watchPods},
		{"wait until admissions work", func(ctx context.Context) error { return s.await(ctx, "admissions", s.load.Once) }},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return s, s.forgetFailures(ctx)
}

func (s *stage) connect(with options) error {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	if s.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if s.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	s.load, err = load.New(config, with.rate)
	return err
}

func (s *stage) prepare(ctx context.Context) error {
	if s.mode.prepare == nil {
		return nil
	}
	return s.mode.prepare(ctx, s)
}

// assemble makes the fleet, of which nothing runs yet but the balancer.
func (s *stage) assemble(ctx context.Context, with options) error {
	host, err := hostAddress()
	if err != nil {
		return err
	}
	front, err := balancer.Listen(context.WithoutCancel(ctx), host+":0")
	if err != nil {
		return err
	}
	s.fleet = &fleet{cluster: s.Cluster, balancer: front, dir: filepath.Join(s.Dir, "replicas")}
	s.fleet.binary = filepath.Join(s.fleet.dir, "meshward")
	s.fleet.arguments = append([]string{"--shutdown-delay", with.shutdownDelay.String(), "--namespace", ownNamespace}, s.mode.arguments...)
	if err := os.MkdirAll(s.fleet.dir, 0o700); err != nil {
		return err
	}
	if s.mode.mounted {
		k := &kubelet{client: s.client, namespace: ownNamespace, secret: servingSecret, log: s.tell}
		s.fleet.mount = k.mount
	}
	return build(ctx, s.fleet.binary)
}

// startReplicas gives the replicas the rights of their ServiceAccount and no other.
func (s *stage) startReplicas(ctx context.Context) error {
	kubeconfig, err := s.ServiceAccountKubeconfig(ctx, ownNamespace, ownName)
	if err != nil {
		return err
	}
	s.fleet.arguments = append(s.fleet.arguments, "--kubeconfig", kubeconfig)
	return s.fleet.scale(ctx, replicas)
}

// watchPods holds every pod that is stored to having exactly one proxy, whoever stored it.
func (s *stage) watchPods(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(s.client, 0, informers.WithNamespace(load.Namespace))
	stored := factory.Core().V1().Pods().Informer()
	_, err := stored.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		if wrong := wrongIn(object.(*corev1.Pod)); wrong != "" {
			s.load.Err("stored: " + wrong)
		}
	}})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), stored.HasSynced) {
		return errors.New("pods cannot be watched")
	}
	return nil
}

func wrongIn(stored *corev1.Pod) string {
	var seen load.Pod
	seen.Metadata.Name, seen.Metadata.Annotations = stored.Name, stored.Annotations
	for _, c := range stored.Spec.Containers {
		seen.Spec.Containers = append(seen.Spec.Containers, load.Container{Name: c.Name})
	}
	for _, c := range stored.Spec.InitContainers {
		seen.Spec.InitContainers = append(seen.Spec.InitContainers, load.Container{Name: c.Name})
	}
	return seen.Wrong()
}
