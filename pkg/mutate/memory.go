package mutate

import (
	"bytes"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/lru"
)

// The pods of one Deployment are written alike, so a memory of recent ones spares all but
// the first of them the templates. Both bounds hold whatever pods arrive: at most some
// 64 MiB, and about 16 MiB when pods have their usual 6 KB.
const (
	rememberedPods = 1024
	longestPod     = 32 << 10 // bytes; a longer one is injected anew every time
)

// memory maps what pods are injected by to what came of it, and forgets what was not used
// for longest. It may be used by several goroutines at once.
type memory struct {
	seed maphash.Seed
	pods *lru.Cache // hash of the key -> *remembered
}

// remembered holds the key as well, because two may share a hash. The later one then takes
// the place of the earlier.
type remembered struct {
	key       []byte
	injection Injection
	// token is the volume that the pod had its token from, and naming are the operations of
	// the patch that say its name, which is another one in every pod.
	token  string
	naming []int
}

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed(), pods: lru.New(rememberedPods)}
}

// recall returns what came of a request like this one, for a pod whose token is in the volume
// of a name.
func (m *memory) recall(key []byte, token string) (Injection, bool) {
	found, _ := m.pods.Get(maphash.Bytes(m.seed, key))
	known, ok := found.(*remembered)
	if !ok || !bytes.Equal(known.key, key) {
		return Injection{}, false
	}
	injection := known.injection
	if len(known.naming) > 0 && known.token != token {
		injection.Patch = slices.Clone(injection.Patch)
		for _, i := range known.naming {
			injection.Patch[i].Value = bytes.ReplaceAll(injection.Patch[i].Value, []byte(known.token), []byte(token))
		}
	}
	return injection, true
}

func (m *memory) keep(key []byte, token string, injection Injection) {
	if len(key) > longestPod {
		return
	}
	known := &remembered{key: slices.Clone(key), injection: injection, token: token}
	for i, operation := range injection.Patch {
		switch {
		case token == "":
		case strings.Contains(operation.Path, token): // by a template that makes a label of it
			return
		case bytes.Contains(operation.Value, []byte(token)):
			known.naming = append(known.naming, i)
		}
	}
	m.pods.Add(maphash.Bytes(m.seed, key), known)
}

// key returns all that an injection depends on: the pod, but for the managed fields, which
// have the time and concern nobody here, and for the name of the volume with its token, which
// is given by chance; its workload; and what the request says besides.
func (r *Request) key(to []byte, token string) []byte {
	text := func(values ...string) {
		for _, value := range values {
			to = append(append(to, value...), 0)
		}
	}
	workload := r.Workload
	text(workload.APIVersion, workload.Kind, workload.Namespace, workload.Name)
	for _, name := range slices.Sorted(maps.Keys(r.Variables)) {
		text(name, r.Variables[name])
	}
	text("")
	if r.Namespace != nil {
		groups, said := r.Namespace.Annotations[groupRange] // an empty one says something else than none
		text(r.Namespace.Labels[podSecurity], r.Namespace.Annotations[userRange], groups, strconv.FormatBool(said))
	}
	before, after := aroundManagedFields(r.Raw)
	return appendWithout(appendWithout(append(to, 0), before, token), after, token)
}

// appendWithout appends text with a mark, which is not of JSON, wherever it says a name.
func appendWithout(to, text []byte, name string) []byte {
	if name == "" {
		return append(to, text...)
	}
	for {
		at := bytes.Index(text, []byte(name))
		if at < 0 {
			return append(to, text...)
		}
		to = append(append(to, text[:at]...), 0)
		text = text[at+len(name):]
	}
}

// aroundManagedFields returns what stands before and after the managed fields in the JSON of
// a pod. A quote inside a string has a backslash before it, so the name with its quotes is a
// key, of metadata or of something that no template sees.
func aroundManagedFields(raw []byte) (before, after []byte) {
	name := []byte(`"managedFields":[`)
	start := bytes.Index(raw, name)
	if start < 0 || start > 0 && raw[start-1] == '\\' {
		return raw, nil
	}
	inside := start + len(name)
	end := closing(raw[inside:])
	if end < 0 {
		return raw, nil
	}
	return raw[:start], raw[inside+end+1:]
}

// closing returns where the list ends whose first item JSON begins with; -1 for nowhere.
func closing(list []byte) int {
	depth, inText := 1, false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[':
			depth++
		case c == ']':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}
