package check

import "context"

var selectors = &Check{
	Name:  "selectors",
	Looks: "the webhooks' namespaceSelectors: that they leave out what has to start without us",
	run:   checkSelectors,
}

func checkSelectors(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	for i := range ours {
		c := &ours[i]
		for _, namespace := range []string{"kube-system", l.Namespace} {
			l.leavesOut(c, namespace)
		}
	}
}

func (l *look) leavesOut(c *configuration, namespace string) {
	var failing, ignoring []hook
	for _, h := range c.hooks {
		switch {
		case h.leavesOut(namespace):
		case h.fails:
			failing = append(failing, h)
		default:
			ignoring = append(ignoring, h)
		}
	}
	if len(failing) > 0 {
		l.error(c.Object, applied, "the namespaceSelector of %s does not leave out namespace %s: while nobody answers, what would bring us back cannot start", names(failing), namespace)
	}
	if len(ignoring) > 0 {
		l.warn(c.Object, applied, "the namespaceSelector of %s does not leave out namespace %s: while nobody answers, every write there waits", names(ignoring), namespace)
	}
}
