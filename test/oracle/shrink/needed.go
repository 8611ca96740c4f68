package shrink

import "slices"

// always are the keys that nothing that has them can be without: what is around them
// goes as a whole, or not at all. Ages and names are no places to begin with.
var always = map[string]bool{
	"address":        true,
	"credentialName": true,
	"destination":    true,
	"egress":         true,
	"exact":          true,
	"externalName":   true,
	"host":           true,
	"hosts":          true,
	"mode":           true,
	"name":           true,
	"number":         true,
	"prefix":         true,
	"protocol":       true,
	"regex":          true,
	"resolution":     true,
	"servers":        true,
	"sniHosts":       true,
	"targetPort":     true,
	"type":           true,
}

// actions are what a rule of a VirtualService may do. Each does one thing.
var actions = map[string]bool{"route": true, "redirect": true, "directResponse": true, "delegate": true}

// sections are the lists of rules of a VirtualService. One has rules at least.
var sections = map[string]bool{"http": true, "tcp": true, "tls": true}

// needs reports whether an object cannot be without what is at a place: the API server
// or Istio's own validation would refuse it, and what remains would show something
// else.
func (t *tree) needs(at place) bool {
	key, is := at[len(at)-1].(string)
	if !is {
		return false
	}
	if always[key] {
		return true
	}
	around, _ := t.at(at[:len(at)-1]).(map[string]any)
	switch t.kind {
	case "Service", "ServiceEntry":
		return hostNeeds(key, around)
	case "Gateway":
		// Without its settings a server would not speak TLS, unless they only redirect.
		return key == "port" || key == "tls" && !redirects(around[key])
	case "Sidecar":
		return key == "port" // of several listeners one may be without
	case "VirtualService":
		return t.routeNeeds(at, key, around)
	}
	return false
}

// hostNeeds is needs for a key of what declares hosts.
func hostNeeds(key string, around map[string]any) bool {
	switch key {
	case "port":
		return true
	case "ports":
		return around["type"] != "ExternalName"
	case "endpoints":
		return around["resolution"] == "STATIC"
	}
	return false
}

// routeNeeds is needs for a key of a VirtualService.
func (t *tree) routeNeeds(at place, key string, around map[string]any) bool {
	switch {
	case key == "match":
		return t.within(at, "tls")
	case key == "gateways":
		// On the mesh no VirtualService may have all hosts.
		hosts, _ := around["hosts"].([]any)
		return slices.Contains(hosts, any("*"))
	case key == "weight":
		// Several destinations without any weight are a fault of their own.
		return t.siblings(at) > 1
	case sections[key]:
		return !others(around, key)
	}
	return actions[key]
}

func redirects(tls any) bool {
	settings, is := tls.(map[string]any)
	return is && settings["httpsRedirect"] == true
}

// within reports whether a place is that of a key of an element of a list.
func (t *tree) within(at place, list string) bool {
	return len(at) > 2 && at[len(at)-3] == list
}

// siblings are how many elements the list has that a key's object is one of.
func (t *tree) siblings(at place) int {
	list, _ := t.at(at[:len(at)-2]).([]any)
	return len(list)
}

// others reports whether a VirtualService has rules of another section.
func others(spec map[string]any, than string) bool {
	for section := range sections {
		if _, there := spec[section]; there && section != than {
			return true
		}
	}
	return false
}
