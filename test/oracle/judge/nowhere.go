package judge

import "github.com/meshward/meshward/test/oracle/world"

// LeadNowhere are the objects with a destination that leads nowhere for some proxy, for
// whatever reason, mirrors among them.
func (c *Case) LeadNowhere() map[world.Ref]bool {
	objects := map[world.Ref]bool{}
	for _, lost := range c.lost() {
		objects[lost.At] = true
	}
	return objects
}
