package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// A Config is the configuration of an injector, in the form of the key config of
// Istio's ConfigMap istio-sidecar-injector. It must not be changed, and may then
// be used by several goroutines at once.
type Config struct {
	// Policy is "enabled" or "disabled"; what any other text means is for whoever
	// decides about pods.
	Policy string
	// DefaultTemplates are the names, of templates or aliases, for pods that ask
	// for none. There is at least one.
	DefaultTemplates []string
	// Aliases are names for several templates. They do not lead to other aliases.
	Aliases map[string][]string
	// NeverInject and AlwaysInject are selectors of pods by their labels. None of
	// them is empty.
	NeverInject, AlwaysInject []labels.Selector
	// InjectedAnnotations are put on every injected pod.
	InjectedAnnotations map[string]string
	// Warnings tell what was passed over, in one line each.
	Warnings []string

	templates map[string]*Template
}

// TemplatesAnnotation is where a pod asks for templates by name, with commas
// between.
const TemplatesAnnotation = "inject.istio.io/templates"

// ParseConfig reads a configuration and compiles its templates. Keys that it does
// not know are passed over, as Istio's injector does it; so is the key template,
// in which Istio's charts have a text that no injector is to accept.
//
// It fails where text is no YAML of that form, and where a template cannot be
// compiled.
func ParseConfig(text []byte) (*Config, error) {
	var stored struct {
		Policy               string                 `json:"policy"`
		DefaultTemplates     []string               `json:"defaultTemplates"`
		Templates            map[string]string      `json:"templates"`
		Aliases              map[string][]string    `json:"aliases"`
		NeverInjectSelector  []metav1.LabelSelector `json:"neverInjectSelector"`
		AlwaysInjectSelector []metav1.LabelSelector `json:"alwaysInjectSelector"`
		InjectedAnnotations  map[string]string      `json:"injectedAnnotations"`
	}
	if err := yaml.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("cannot read the injection configuration: %w", err)
	}
	config := &Config{
		Policy:              stored.Policy,
		DefaultTemplates:    stored.DefaultTemplates,
		Aliases:             stored.Aliases,
		InjectedAnnotations: stored.InjectedAnnotations,
		templates:           make(map[string]*Template, len(stored.Templates)),
	}
	if len(config.DefaultTemplates) == 0 {
		config.DefaultTemplates = []string{"sidecar"}
	}
	config.NeverInject = config.selectors("neverInjectSelector", stored.NeverInjectSelector)
	config.AlwaysInject = config.selectors("alwaysInjectSelector", stored.AlwaysInjectSelector)
	for _, name := range slices.Sorted(maps.Keys(stored.Templates)) {
		// Istio's templates are written for missing keys that render as "<no value>",
		// or are false.
		compiled, err := compile(name, stored.Templates[name], "missingkey=default")
		if err != nil {
			return nil, err
		}
		config.templates[name] = compiled
	}
	if len(config.templates) == 0 {
		config.warn("templates is empty, so no pod can be injected")
	}
	return config, nil
}

// selectors compiles the selectors of one field. An empty one would select every
// pod, so it is passed over like an invalid one.
func (c *Config) selectors(field string, stored []metav1.LabelSelector) []labels.Selector {
	var result []labels.Selector
	for i := range stored {
		selector, err := metav1.LabelSelectorAsSelector(&stored[i])
		switch {
		case err != nil:
			c.warn("%s[%d] is passed over: %v", field, i, err)
		case selector.Empty():
			c.warn("%s[%d] is passed over: it is empty", field, i)
		default:
			result = append(result, selector)
		}
	}
	return result
}

func (c *Config) warn(format string, arguments ...any) {
	line := fmt.Sprintf(format, arguments...)
	c.Warnings = append(c.Warnings, strings.Join(strings.Fields(line), " "))
}

// For returns the configuration with each of its templates made ready for these values. What
// they are rendered with has to have the same.
func (c *Config) For(values Values) *Config {
	ready := *c
	ready.templates = make(map[string]*Template, len(c.templates))
	for name, template := range c.templates {
		ready.templates[name] = template.For(values.Map())
	}
	return &ready
}

// Select returns the templates for a pod with these annotations, in the order in
// which they apply. A template may be there twice. It fails where there is no
// template of a name.
func (c *Config) Select(annotations map[string]string) ([]*Template, error) {
	names := c.DefaultTemplates
	if asked, ok := annotations[TemplatesAnnotation]; ok {
		names = strings.Split(asked, ",")
	}
	var selected []*Template
	for _, name := range names {
		name = strings.TrimSpace(name)
		aliased, ok := c.Aliases[name]
		if !ok {
			aliased = []string{name}
		}
		for _, name := range aliased {
			template := c.templates[name]
			if template == nil {
				return nil, fmt.Errorf("there is no injection template %q; there are %s", name, c.known())
			}
			selected = append(selected, template)
		}
	}
	return selected, nil
}

func (c *Config) known() string {
	if len(c.templates) == 0 {
		return "none"
	}
	return strings.Join(c.Names(), ", ")
}

// Template returns the template of that name, or nil. An alias is no template.
func (c *Config) Template(name string) *Template { return c.templates[name] }

// Names returns the names of all templates, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.templates)) }
