package certs

import (
	"cmp"
	"crypto/x509"
	"slices"
	"strings"
	"sync"
	"time"
)

// A ledger knows what every caBundle of ours has to hold.
type ledger struct {
	watch *watch

	mu        sync.Mutex
	retention *retention
	// trusted are the CAs that were trusted when all was well last. They are needed when
	// somebody empties every caBundle at once.
	trusted []*x509.Certificate
}

// A repair is what a configuration has to be given.
type repair struct {
	configuration *configuration
	callers       []caller // those whose caBundle is wrong
	bundle        []byte
	current       *x509.Certificate
}

// review returns what has to be repaired. Replicas that do not lead call it as well, for
// they may lead next, and have to know then what was trusted before.
func (l *ledger) review(now time.Time) []repair {
	view, current := l.watch.callers(), l.watch.ca.Load()
	if view == nil || current == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var stored []*x509.Certificate
	var repairs []repair
	for _, c := range view.configurations {
		wrong := repair{configuration: c, current: current}
		for i := range c.callers {
			certificates, _ := parse(c.callers[i].bundle)
			stored = append(stored, certificates...)
			if !l.retention.fine(c.callers[i].bundle, current, now) {
				wrong.callers = append(wrong.callers, c.callers[i])
			}
		}
		if len(wrong.callers) > 0 {
			repairs = append(repairs, wrong)
		}
	}
	if len(repairs) == 0 {
		l.trusted = l.retention.keep(current, stored, now)
		return nil
	}
	bundle := encode(l.retention.keep(current, append(stored, l.trusted...), now))
	for i := range repairs {
		repairs[i].bundle = bundle
	}
	return repairs
}

// sort puts configurations in an order of their own, so that views can be compared.
func (v *view) sort() {
	slices.SortFunc(v.configurations, func(a, b *configuration) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	})
}
