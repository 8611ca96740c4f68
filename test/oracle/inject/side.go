// Package inject holds meshward's injector against Istio's: it gives both the same files
// and the same workloads, and tells where what comes out is not the same.
//
// It knows both injectors, but for what is asked of either only istio.go and product.go
// do.
package inject

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/meshward/meshward/test/oracle/inject/files"
	"github.com/meshward/meshward/test/oracle/inject/gen"
)

// Side is an injector.
type Side interface {
	// CommandLine injects into a file, as "kube-inject" does.
	CommandLine(f *files.Files, manifest []byte) (out []byte, warnings []string, err error)
	// Webhook answers for a pod: with a JSON patch, which is empty where nothing is to be
	// done, or with a reason to deny.
	Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error)
}

// Outcome is what came of asking one side.
type Outcome struct {
	// Text is the file from the command line, or the patch from the webhook.
	Text []byte
	// Denied and Err say why there is none. The words are nobody's concern.
	Denied string
	Err    error
	// Panic says that the side panicked, and where.
	Panic string
}

// ask runs one side, whatever it does.
func ask(call func() ([]byte, string, error)) (got Outcome) {
	defer func() {
		if reason := recover(); reason != nil {
			got = Outcome{Panic: fmt.Sprintf("%v%s", reason, where(debug.Stack()))}
		}
	}()
	text, denied, err := call()
	return Outcome{Text: text, Denied: denied, Err: err}
}

// where are the few functions of a stack that were running when it panicked.
func where(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "\npanic(")
	lines := strings.Split(after, "\n")
	var named strings.Builder
	for i := 2; i+1 < min(len(lines), 12); i += 2 {
		named.WriteString("\n  at " + strings.TrimSpace(lines[i+1]))
	}
	return named.String()
}

// refused reports whether nothing was injected because something was wrong.
func (o *Outcome) refused() bool { return o.Denied != "" || o.Err != nil || o.Panic != "" }

// why says so in words.
func (o *Outcome) why() string {
	switch {
	case o.Panic != "":
		return "panic: " + o.Panic
	case o.Err != nil:
		return "error: " + o.Err.Error()
	case o.Denied != "":
		return "denied: " + o.Denied
	}
	return "accepted"
}

// fixed is a side of which it is known already what it came to.
type fixed struct{ outcome Outcome }

// CommandLine returns that.
func (f fixed) CommandLine(*files.Files, []byte) ([]byte, []string, error) {
	return f.outcome.Text, nil, f.outcome.Err
}

// Webhook returns that.
func (f fixed) Webhook(*files.Files, *gen.Request) ([]byte, string, error) {
	return f.outcome.Text, f.outcome.Denied, f.outcome.Err
}

// Calm is a side whose panics are errors, so that Istio's injector can be held against
// itself.
type Calm struct{ Side }

// CommandLine injects into a file.
func (c Calm) CommandLine(f *files.Files, manifest []byte) (out []byte, warnings []string, err error) {
	got := ask(func() ([]byte, string, error) {
		out, lines, err := c.Side.CommandLine(f, manifest)
		warnings = lines
		return out, "", err
	})
	return got.Text, warnings, got.failure()
}

// Webhook answers for a pod.
func (c Calm) Webhook(f *files.Files, r *gen.Request) (patch []byte, denied string, err error) {
	got := ask(func() ([]byte, string, error) { return c.Side.Webhook(f, r) })
	return got.Text, got.Denied, got.failure()
}

// failure is the error of an outcome, also where that is a panic.
func (o *Outcome) failure() error {
	if o.Panic != "" {
		return fmt.Errorf("panic: %s", o.Panic)
	}
	return o.Err
}
