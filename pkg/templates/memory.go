package templates

import (
	"hash/maphash"

	"k8s.io/utils/lru"
)

// The pods of one Deployment render to one text, so a memory of recent texts
// spares all but the first of them the YAML. Both bounds hold whatever pods
// arrive: at most some 64 MiB, and about 16 MiB when texts have their usual 6 KB.
const (
	rememberedTexts = 1024
	longestText     = 32 << 10 // bytes; a longer text is parsed every time
)

// memory maps rendered texts to their overlays and forgets what was not used
// for longest. It may be used by several goroutines at once.
type memory struct {
	seed  maphash.Seed
	texts *lru.Cache // hash of the text -> *remembered
}

// remembered holds the text as well, because two texts may share a hash. The
// later one then takes the place of the earlier.
type remembered struct {
	text    string
	overlay *Overlay
}

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed(), texts: lru.New(rememberedTexts)}
}

// recall returns the overlay of text, or nil.
func (m *memory) recall(text []byte) *Overlay {
	found, _ := m.texts.Get(maphash.Bytes(m.seed, text))
	known, ok := found.(*remembered)
	if !ok || known.text != string(text) {
		return nil
	}
	return known.overlay
}

func (m *memory) keep(text []byte, overlay *Overlay) {
	if len(text) > longestText {
		return
	}
	m.texts.Add(maphash.Bytes(m.seed, text), &remembered{string(text), overlay})
}
