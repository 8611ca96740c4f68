// Package injection keeps the injector of a running server as its configuration says:
// from files or from the cluster, watched, with what else the cluster says of sidecars.
//
// It knows where an injector's configuration comes from, and when it changes. It must not
// know what is injected into whom, how a pod arrives, or what is in a template. Nothing
// of it is on the path of a request.
package injection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshward/meshward/pkg/mutate"
)

// Options say where an injector's configuration comes from. Where neither files nor
// ConfigMaps have a setting, it is meshward's own.
type Options struct {
	// Files are settings in files, which win over the ConfigMaps.
	Files Files
	// Live takes the settings from Istio's ConfigMaps of Namespace.
	Live      bool
	Namespace string
	// Revision is the control plane whose ConfigMaps they are, and that the sidecars
	// belong to; "default" or "" for the one without a name.
	Revision string
	// NativeSidecars says which sidecars are native.
	NativeSidecars Native
	// OpenShift is for clusters whose own admission writes users into all containers.
	OpenShift bool
	// CompliancePolicy is that of the control plane; "" for none.
	CompliancePolicy string
}

// A Keeper keeps the injector of a running server up to date. It is a controller-runtime
// Runnable.
type Keeper struct {
	options  Options
	client   client.WithWatch
	log      *slog.Logger
	metrics  metrics
	injector atomic.Pointer[mutate.Injector]
	problem  atomic.Pointer[string] // why what is stored is not in effect; nil if it is

	news        news
	watches     []watch
	files       files
	injectorMap configMap
	meshMap     configMap
	resources   *table[resource]
	kubelets    *table[string]
	namespaces  *table[map[string]string] // nil where it is not asked
	effective   *effective                // what the injector was made of; nil without one
}

// effective is what an injector was made of.
type effective struct {
	texts  Texts
	config mutate.Config // what the texts say
	facts  facts
}

// facts are what the cluster says of sidecars, told apart by value.
type facts struct {
	native    native
	resources int // the version of the ProxyConfigs
}

// New prepares a keeper, and registers the metrics that say whether it is up to date.
// It returns an error where files have settings that are wrong: a server must not start
// with what nobody decided. What the cluster has is read once the keeper is started.
func New(cluster *rest.Config, options Options, registry prometheus.Registerer, log *slog.Logger) (*Keeper, error) {
	reader, err := client.NewWithWatch(cluster, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("no client for %s: %w", cluster.Host, err)
	}
	k := newKeeper(reader, options, registry, log)
	if err := k.open(); err != nil {
		return nil, fmt.Errorf("the injector's configuration: %w", err)
	}
	return k, nil
}

func newKeeper(reader client.WithWatch, options Options, registry prometheus.Registerer, log *slog.Logger) *Keeper {
	options.Revision = cmp.Or(options.Revision, "default")
	k := &Keeper{options: options, client: reader, log: log, metrics: newMetrics(registry), news: make(news, 1), files: files{paths: options.Files}}
	if options.Live {
		k.injectorMap = k.configMap(injectorMap)
		if options.Files.Mesh == "" {
			k.meshMap = k.configMap(meshMap)
		}
	}
	k.watchProxyConfigs()
	if options.NativeSidecars == NativeAuto {
		k.watchNodes()
	}
	if options.OpenShift {
		k.watchNamespaces()
	}
	return k
}

// open reads the files, and tries what they say.
func (k *Keeper) open() error {
	texts, err := k.options.Files.Read()
	if err != nil {
		return err
	}
	config, err := texts.Parse()
	if err != nil {
		return err
	}
	k.files.keep(texts, nil)
	if k.options.Live { // the files are a part of it only
		return nil
	}
	_, err = mutate.New(k.with(config, native{all: true, jobs: true}))
	return err
}

// Injector returns the injector of the current configuration, and nil before there is
// one.
func (k *Keeper) Injector() *mutate.Injector { return k.injector.Load() }

// Ready returns an error until there is an injector, and from then on nil: the last good
// configuration stays in effect.
func (k *Keeper) Ready() error {
	if k.Injector() != nil {
		return nil
	}
	if missing := k.unread(); len(missing) > 0 {
		return fmt.Errorf("the injector's configuration is not known yet; not read: %s", strings.Join(missing, ", "))
	}
	if problem := k.problem.Load(); problem != nil {
		return fmt.Errorf("the injector has no configuration: %s", *problem)
	}
	return errors.New("the injector's configuration is being loaded")
}

// NeedLeaderElection is false: every replica injects.
func (k *Keeper) NeedLeaderElection() bool { return false }

// Start keeps the injector up to date until ctx is done.
func (k *Keeper) Start(ctx context.Context) error {
	var watching sync.WaitGroup
	for i := range k.watches {
		watching.Go(func() { k.watches[i].run(ctx, k.client) })
	}
	watching.Go(func() { k.reread(ctx) })
	for k.news.settled(ctx) {
		k.refresh()
	}
	watching.Wait()
	return nil
}

func (k *Keeper) reread(ctx context.Context) {
	if !k.files.any() {
		return
	}
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if k.files.reread(ctx) {
			k.news.wake()
		}
	}, rereadEvery)
}

// unread returns what is not known yet.
func (k *Keeper) unread() []string {
	var missing []string
	for i := range k.watches {
		if k.watches[i].unread() {
			missing = append(missing, k.watches[i].name)
		}
	}
	return missing
}

// refresh makes the injector that is said to be now. Where that does not work, the
// settings that are in effect stay, with what the cluster has changed. It must not run
// twice at once.
func (k *Keeper) refresh() {
	if len(k.unread()) > 0 {
		return
	}
	texts, err := k.stored()
	if err == nil {
		err = k.adopt(texts)
	}
	if err != nil && k.effective != nil && !texts.equal(k.effective.texts) {
		err = errors.Join(err, k.adopt(k.effective.texts))
	}
	k.tell(err)
}

// stored returns the settings as they are now. Config and values come of one look.
func (k *Keeper) stored() (Texts, error) {
	texts, err := k.files.last()
	if !k.options.Live {
		return texts, err
	}
	problems := []error{err, k.injectorMap.values(map[string]*[]byte{"config": &texts.Config, "values": &texts.Values})}
	if k.options.Files.Mesh == "" {
		problems = append(problems, k.meshMap.values(map[string]*[]byte{"mesh": &texts.Mesh}))
	}
	return texts, errors.Join(problems...)
}

// adopt makes an injector of settings and of what the cluster says, unless it is there.
func (k *Keeper) adopt(texts Texts) error {
	on, weakest := k.native()
	_, version := k.resources.all()
	now := effective{texts: texts, facts: facts{native: on, resources: version}}
	known := k.effective != nil && texts.equal(k.effective.texts)
	var err error
	switch {
	case known && now.facts == k.effective.facts:
		return nil
	case known:
		now.config = k.effective.config
	default:
		if now.config, err = texts.Parse(); err != nil {
			return err
		}
	}
	injector, err := mutate.New(k.with(now.config, on))
	if err != nil {
		return err
	}
	k.injector.Store(injector)
	k.effective = &now
	k.metrics.at.SetToCurrentTime()
	k.metrics.show(on)
	k.log.Info("the injector's configuration is in effect", "from", k.origin(), "revision", k.options.Revision,
		"native_sidecars", on.all, "native_jobs", on.jobs, "oldest_node", weakest)
	if !known {
		for _, warning := range injector.Warnings {
			k.log.Warn("something is odd about the injector's configuration", "warning", warning)
		}
	}
	return nil
}

// with returns a configuration with all that its settings do not say.
func (k *Keeper) with(config mutate.Config, on native) mutate.Config {
	rows, _ := k.resources.all()
	config.ProxyConfigs = arranged(rows, k.options.Revision, cmp.Or(config.Mesh.GetRootNamespace(), "istio-system"))
	config.Revision, config.OpenShift = k.options.Revision, k.options.OpenShift
	config.CompliancePolicy = k.options.CompliancePolicy
	config.NativeSidecars, config.NativeJobs = on.all, on.jobs
	return config
}

func (k *Keeper) origin() string {
	switch {
	case k.options.Live:
		return k.injectorMap.key.String()
	case k.files.any():
		return "files"
	default:
		return "meshward"
	}
}

// tell says once what became of the stored configuration.
func (k *Keeper) tell(err error) {
	was := k.problem.Load()
	if err == nil {
		k.problem.Store(nil)
		k.metrics.succeeded.Set(1)
		if was != nil {
			k.log.Info("the injector's stored configuration is in effect again")
		}
		return
	}
	k.metrics.succeeded.Set(0)
	problem := strings.ReplaceAll(err.Error(), "\n", "; ")
	if was != nil && *was == problem {
		return
	}
	k.problem.Store(&problem)
	if k.Injector() == nil {
		k.log.Error("the injector has no configuration; no pod can be injected", "error", problem)
		return
	}
	k.log.Error("the injector's configuration was not loaded; the last good one stays in effect", "error", problem)
}
