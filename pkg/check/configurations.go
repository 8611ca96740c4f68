package check

import (
	"context"
	"slices"
	"strings"

	"github.com/meshward/meshward/pkg/selection"
)

var configurations = &Check{
	Name:  "configurations",
	Looks: "the webhook configurations: both there, calling the same Service by the right paths",
	run:   checkConfigurations,
}

func checkConfigurations(ctx context.Context, l *look) {
	ours, ok := l.installed(ctx)
	if !ok {
		return
	}
	there := map[string]bool{}
	for i := range ours {
		there[ours[i].Kind] = true
		l.configuration(&ours[i])
	}
	for _, kind := range []string{mutating, validating} {
		if there[kind] {
			continue
		}
		effect := "no pod gets a sidecar"
		if kind == validating {
			effect = "no change of traffic configuration is judged"
		}
		l.error(Object{Kind: kind, Name: configurationName}, applied, "it does not exist: %s", effect)
	}
	l.together(ours)
}

// configuration looks at one configuration by itself.
func (l *look) configuration(c *configuration) {
	if len(c.hooks) == 0 {
		l.error(c.Object, applied, "it has no webhooks")
		return
	}
	path := "/inject"
	if c.Kind == validating {
		path = "/validate"
	}
	first := c.hooks[0].target()
	for i := range c.hooks {
		h := &c.hooks[i]
		if target := h.target(); target != first {
			l.error(c.Object, applied, "%s calls %s, and %s calls %s", c.hooks[0].name, first, h.name, target)
		}
		if at := h.path(); at != path && !strings.HasPrefix(at, path+"/") {
			l.error(c.Object, applied, "%s calls %s, where the server answers on %s", h.name, at, path)
		}
	}
}

// together looks at whether the configurations of the default revision call one server, and
// the one that is looked at. Those of other revisions have servers of their own.
func (l *look) together(ours []configuration) {
	first, called := "", l.calls(ours)
	for i := range ours {
		c := &ours[i]
		revision := c.labels[selection.ConfigurationLabel]
		if len(c.hooks) == 0 || revision != "" && revision != "default" {
			continue
		}
		target := c.hooks[0].target()
		byService := c.hooks[0].client.Service != nil
		switch {
		case byService && !called:
			l.error(c.Object, "if meshward runs there, name it: meshward check --namespace NAMESPACE --service SERVICE; if not, "+applied,
				"it calls %s, and not %s", target, l.own())
		case first == "":
			first = target
		case target != first:
			l.error(c.Object, applied, "it calls %s, and another configuration %s", target, first)
		}
	}
}

// own is the Service that is looked at, as a target.
func (l *look) own() string { return "Service " + l.Namespace + "/" + l.Service }

// calls reports whether any webhook calls the Service that is looked at.
func (l *look) calls(ours []configuration) bool {
	return slices.ContainsFunc(ours, func(c configuration) bool {
		return slices.ContainsFunc(c.hooks, func(h hook) bool { return h.target() == l.own() })
	})
}
