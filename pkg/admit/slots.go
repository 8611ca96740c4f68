package admit

import "context"

// Slots bound how many reviews are worked on at once. A denial holds its slot
// while the API server is read, so that they bound those reads, too.
type Slots chan struct{}

// NewSlots makes room for so many reviews at once.
func NewSlots(most int) Slots { return make(Slots, most) }

// take waits for a slot until ctx is done, and reports whether it got one.
func (s Slots) take(ctx context.Context) bool {
	select {
	case s <- struct{}{}:
		return true
	default:
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s Slots) give() { <-s }
