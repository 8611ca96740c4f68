package templates

import (
	_ "embed"
	"sync"
)

var (
	//go:embed sidecar.yaml
	sidecar string
	//go:embed sidecar-1.0.yaml
	sidecar10 string
)

// Embedded returns the configuration that this binary brings along. It has the
// templates "sidecar", the default, in the shape that Istio has today, and
// "sidecar-1.0", in the shape of Istio 1.0. Both are made for DefaultValues, with
// an operator's values laid on top.
func Embedded() *Config {
	return &Config{
		Policy:           "enabled",
		DefaultTemplates: []string{"sidecar"},
		templates:        embedded(),
	}
}

var embedded = sync.OnceValue(func() map[string]*Template {
	return map[string]*Template{
		"sidecar":     mustParse("sidecar", sidecar),
		"sidecar-1.0": mustParse("sidecar-1.0", sidecar10),
	}
})

// mustParse is for texts that are part of this binary.
func mustParse(name, text string) *Template {
	template, err := Parse(name, text)
	if err != nil {
		panic(err)
	}
	return template
}
