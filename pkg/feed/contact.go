package feed

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// contact is what is known of the watches themselves: which of them fail, since when and
// why. The snapshot is as old as the first of them; it stays in use, as what was stored a
// minute ago is a better guess than nothing.
type contact struct {
	log *slog.Logger

	mu   sync.Mutex
	lost map[mesh.Kind]loss
}

type loss struct {
	since time.Time
	why   error
}

func newContact(log *slog.Logger) *contact {
	return &contact{log: log, lost: map[mesh.Kind]loss{}}
}

// note takes how the API server answered a question about a kind. That it does not serve
// the kind is an answer, and so is that it must be asked for everything once more.
func (c *contact) note(kind mesh.Kind, err error) {
	if isAbsent(err) || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		err = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before, was := c.lost[kind]
	switch {
	case err == nil && was:
		delete(c.lost, kind)
		if len(c.lost) == 0 {
			c.log.Info("all of the mesh is watched again")
		}
	case err != nil && was:
		c.lost[kind] = loss{since: before.since, why: err}
	case err != nil:
		if !c.told(err) {
			c.log.Warn("the mesh cannot be watched; what is known of it may be out of date", "kind", string(kind), "error", err)
		}
		c.lost[kind] = loss{since: time.Now(), why: err}
	}
}

// told reports whether another kind failed for the same reason: an API server that is
// away is away for all of them.
func (c *contact) told(err error) bool {
	for _, l := range c.lost {
		if l.why.Error() == err.Error() {
			return true
		}
	}
	return false
}

// why is the reason that a kind is not watched, and nil where it is.
func (c *contact) why(kind mesh.Kind) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[kind].why
}

// stale is how long some kind was not watched.
func (c *contact) stale() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var longest time.Duration
	for _, l := range c.lost {
		longest = max(longest, time.Since(l.since))
	}
	return longest
}

// Register exposes how old the snapshot may be, and what is in it.
func (f *Feed) Register(registry prometheus.Registerer) {
	registry.MustRegister(holdings{f})
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "meshward_mesh_stale_seconds",
		Help: "How long a kind of the mesh could not be watched, for the kind where it is longest; 0 while all are watched.",
	}, func() float64 { return f.contact.stale().Seconds() }))
}
