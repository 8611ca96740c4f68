// The suites and the demonstration that run meshward in front of a real control
// plane. They use it as its users do, as a binary, so this module does not
// depend on the product's.
module github.com/meshward/meshward/test/live

go 1.26.0

require (
	github.com/meshward/meshward/test/cluster v0.0.0
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/tools v0.41.0
)

require golang.org/x/sys v0.46.0 // indirect

replace github.com/meshward/meshward/test/cluster => ../cluster
