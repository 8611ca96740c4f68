package templates

import (
	"maps"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// functions are what a template can call: those of sprig, over them those of
// Istio's injector, over them ours. None looks outside of its arguments, but for
// the clock and the random numbers of sprig.
var functions = sync.OnceValue(func() template.FuncMap {
	all := sprig.TxtFuncMap()
	maps.Copy(all, secluded)
	maps.Copy(all, istio)
	maps.Copy(all, own)
	return all
})

// secluded stand in for functions of sprig that look into the process or ask the
// network. They find nothing.
var secluded = template.FuncMap{
	"env":           func(string) string { return "" },
	"expandenv":     func(string) string { return "" },
	"getHostByName": func(string) string { return "" },
}

// istio are the functions that Istio's injector adds to sprig's.
var istio = template.FuncMap{
	"annotation":             annotation,
	"appendMultusNetwork":    appendMultusNetwork,
	"applicationPorts":       applicationPorts,
	"contains":               func(needle, haystack string) bool { return strings.Contains(haystack, needle) },
	"directory":              directory,
	"env":                    func(_, fallback string) string { return fallback },
	"excludeInboundPort":     excludeInboundPort,
	"excludeInterfaces":      unchanged,
	"formatDuration":         formatDuration,
	"fromJSON":               fromJSON,
	"includeInboundPorts":    includeInboundPorts,
	"indent":                 indent,
	"isset":                  isset,
	"kubevirtInterfaces":     unchanged,
	"mergeMaps":              mergeMaps,
	"omit":                   omit,
	"omitNil":                omitNil,
	"otelResourceAttributes": otelResourceAttributes,
	"protoToJSON":            protoToJSON,
	"strdict":                strdict,
	"structToJSON":           structToJSON,
	"toJSON":                 toJSON,
	"toJsonMap":              toJSONMap,
	"toLower":                strings.ToLower,
	"toYaml":                 toYAML,
	"valueOrDefault":         valueOrDefault,
}

// own are the functions that Istio's injector does not have. toJson takes the
// place of sprig's, and differs from it only where YAML would not read it back.
var own = template.FuncMap{
	"proxyResources": proxyResources,
	"quoted":         quotedParts,
	"settings":       settings,
	"toJson":         literal,
}
