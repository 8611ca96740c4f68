package build

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// On a terminal one line is kept up to date. Elsewhere each word stays in a log,
// so a line has to be worth it: a tenth of the work, or a sign of life.
const (
	refresh    = time.Second
	silence    = 15 * time.Second
	worthwhile = 10 // per cent
)

// progress reads what the go command says on standard error while it builds with
// -v, which is a line per package that it starts to compile, and tells a human
// how far that is. It keeps what else was said, for it is what went wrong.
type progress struct {
	out      io.Writer
	terminal bool
	started  time.Time
	stop     chan struct{}
	stopped  chan struct{}

	mu       sync.Mutex
	pending  map[string]bool // packages that have not been compiled
	total    int
	download string // the module that was last asked for
	line     []byte // the start of a line whose end has not come
	said     []string

	spoken      time.Time
	spokenShare int
}

// newProgress starts to report. The caller must close it.
func newProgress(out io.Writer, terminal bool) *progress {
	p := &progress{
		out:      out,
		terminal: terminal,
		started:  time.Now(),
		spoken:   time.Now(),
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	fmt.Fprintln(out, "Building the control plane from Go modules: kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd and kwok. This is done once.")
	go p.report()
	return p
}

// expect sets what there is to compile.
func (p *progress) expect(folder, version string, packages []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = make(map[string]bool, len(packages))
	for _, name := range packages {
		p.pending[name] = true
	}
	p.total = len(packages)
	p.endLine()
	fmt.Fprintf(p.out, "Kubernetes %s, into %s. Packages to compile: %d; all of them, more than 2700, take about eight minutes on two cores.\n",
		version, folder, p.total)
}

// Write takes the standard error of the go command.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = append(p.line, text...)
	for {
		line, rest, complete := bytes.Cut(p.line, []byte("\n"))
		if !complete {
			return len(text), nil
		}
		p.read(string(line))
		p.line = rest
	}
}

func (p *progress) read(line string) {
	if module, ok := strings.CutPrefix(line, "go: downloading "); ok {
		p.download = module
		return
	}
	if p.pending[line] {
		delete(p.pending, line)
		return
	}
	const kept = 30
	p.said = append(p.said, line)
	p.said = p.said[max(0, len(p.said)-kept):]
}

// failure is the error of a go command, with what it said.
func (p *progress) failure(command []string, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := strings.Join(append(p.said, string(p.line)), "\n")
	return fmt.Errorf("%s: %w; the end of its output:\n%s", strings.Join(command, " "), err, strings.TrimSpace(said))
}

func (p *progress) report() {
	defer close(p.stopped)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.speak()
		}
	}
}

func (p *progress) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", p.status())
		return
	}
	if share := p.share(); share >= p.spokenShare+worthwhile || time.Since(p.spoken) >= silence {
		fmt.Fprintln(p.out, p.status())
		p.spoken, p.spokenShare = time.Now(), share
	}
}

// share is how much is compiled, in per cent.
func (p *progress) share() int {
	if p.total == 0 {
		return 0
	}
	return 100 * (p.total - len(p.pending)) / p.total
}

func (p *progress) status() string {
	after := time.Since(p.started).Round(time.Second)
	if p.pending == nil && p.download != "" {
		return fmt.Sprintf("  downloading modules, now %s (%s)", p.download, after)
	}
	if p.pending == nil {
		return fmt.Sprintf("  asking Go what there is to build (%s)", after)
	}
	if len(p.pending) == 0 {
		return fmt.Sprintf("  all packages compiled, linking (%s)", after)
	}
	return fmt.Sprintf("  compiled %d of %d packages, %d %% (%s)", p.total-len(p.pending), p.total, p.share(), after)
}

// close ends the report.
func (p *progress) close() {
	close(p.stop)
	<-p.stopped
	p.endLine()
}

func (p *progress) endLine() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
