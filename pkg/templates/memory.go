package templates

import (
	"bytes"
	"hash/maphash"

	"k8s.io/utils/lru"
)

// The pods of a mesh render to texts of a few forms, so a memory of recent forms
// spares nearly all of them the YAML. Both bounds hold whatever pods arrive: at
// most some 64 MiB, and about 16 MiB when texts have their usual 6 KB.
const (
	rememberedForms = 1024
	longestText     = 32 << 10 // bytes; a longer text is parsed every time
)

// memory maps outlines to their forms and forgets what was not used for longest.
// It may be used by several goroutines at once.
type memory struct {
	seed  maphash.Seed
	forms *lru.Cache // hash of the outline -> *form
}

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed(), forms: lru.New(rememberedForms)}
}

// overlay returns what parseOverlay makes of a text.
func (m *memory) overlay(text []byte) (*Overlay, error) {
	if len(text) > longestText || bytes.IndexByte(text, hole) >= 0 {
		return parseOverlay(text)
	}
	o := outlines.Get().(*outline)
	defer outlines.Put(o)
	o.read(text)
	f, err := m.form(o)
	if err != nil {
		return nil, err
	}
	if f.overlay == nil { // so the text stands for itself
		if f, err = m.form(&outline{form: text}); err != nil {
			return nil, err
		}
	}
	return f.filled(o), nil
}

// form returns the form of an outline, which is learnt where it is not known.
// The form holds the outline as well, because two may share a hash. The later one
// then takes the place of the earlier.
func (m *memory) form(o *outline) (*form, error) {
	key := maphash.Bytes(m.seed, o.form)
	found, _ := m.forms.Get(key)
	if known, is := found.(*form); is && known.outline == string(o.form) {
		return known, nil
	}
	learnt, err := learn(o)
	if err != nil {
		return nil, err
	}
	m.forms.Add(key, learnt)
	return learnt, nil
}
