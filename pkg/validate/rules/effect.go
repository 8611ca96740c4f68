package rules

import (
	"fmt"
	"strconv"

	"github.com/meshward/meshward/pkg/validate/mesh"
)

// failing says what share of a route's traffic fails for want of a cluster, and how.
func failing(target *mesh.Target) string {
	at := target.Route.Field()
	whole := target.Share == target.Total
	switch {
	case target.Mirror:
		return fmt.Sprintf("the copies of the requests matched by %s are lost; the requests themselves are served", at)
	case target.Share == 0:
		return fmt.Sprintf("no traffic while its weight is 0; its share of %s fails as soon as the weight is raised", at)
	case target.Section() == mesh.SectionHTTP && whole:
		return fmt.Sprintf("every request matched by %s fails with 503 NC", at)
	case target.Section() == mesh.SectionHTTP:
		return fmt.Sprintf("%s of the requests matched by %s fail with 503 NC", percent(target), at)
	case whole:
		return fmt.Sprintf("every connection matched by %s is closed", at)
	default:
		return fmt.Sprintf("%s of the connections matched by %s are closed", percent(target), at)
	}
}

// sending names what a target is, at the start of a message.
func sending(target *mesh.Target) string {
	if target.Mirror {
		return "mirror to"
	}
	return "route to"
}

// harmless reports whether no request fails although a target cannot be reached:
// only copies go there, or nothing yet.
func harmless(target *mesh.Target) bool { return target.Mirror || target.Share == 0 }

func percent(target *mesh.Target) string {
	return strconv.FormatFloat(100*float64(target.Share)/float64(target.Total), 'g', 3, 64) + "%"
}

// reachedBy returns the viewpoints that are given the route of a target.
func reachedBy(host *mesh.Host, target *mesh.Target) mesh.Viewpoints {
	var reached mesh.Viewpoints
	for _, client := range host.Clients(target.Delivery) {
		reached.Set(client.Viewpoint, client.Reached)
	}
	return reached
}
