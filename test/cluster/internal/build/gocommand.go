package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/meshward/meshward/test/cluster/internal/leash"
)

// toolchain runs the go command on one module.
type toolchain struct {
	module   string // folder of the module
	guard    string // runs the go command on the leash; empty until it is built
	leash    *leash.Leash
	progress *progress
}

// intoFolder builds the source into a new folder, in which the source itself does
// not remain.
func intoFolder(ctx context.Context, source fs.FS, folder string, out io.Writer) error {
	module := filepath.Join(folder, "source")
	if err := export(source, module); err != nil {
		return err
	}
	leash, err := leash.New()
	if err != nil {
		return err
	}
	defer leash.Release()
	progress := newProgress(out, isTerminal(out))
	defer progress.close()
	t := &toolchain{module: module, leash: leash, progress: progress}

	programs := Programs(folder)
	if err := t.build(ctx, "./guard", programs.Guard()); err != nil {
		return err
	}
	t.guard = programs.Guard()
	if err := t.buildControlPlane(ctx, programs); err != nil {
		return err
	}
	if err := t.copyCRDs(ctx, programs.IstioCRDs()); err != nil {
		return err
	}
	return os.RemoveAll(module)
}

// export writes the source where the go command can see it. It then does not
// matter where this package was compiled, or whether its folder still exists.
func export(source fs.FS, folder string) error {
	return eachFile(source, func(name string, text []byte) error {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, text, 0o644)
	})
}

// buildControlPlane stamps the version as Kubernetes' own build does: kubectl
// refuses to work with a server of the version that unstamped code reports.
func (t *toolchain) buildControlPlane(ctx context.Context, programs Programs) error {
	const target = "./controlplane"
	packages, err := t.run(ctx, "list", "-mod=readonly", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", target)
	if err != nil {
		return err
	}
	version, err := t.run(ctx, "list", "-mod=readonly", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	version = strings.TrimSpace(version)
	numbers := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(numbers) < 3 {
		return fmt.Errorf("k8s.io/kubernetes has the version %q in go.mod; it must be of the form v1.2.3", version)
	}
	const stamp = "-X k8s.io/component-base/version."
	t.progress.expect(strings.TrimSuffix(string(programs), partialSuffix), version, strings.Fields(packages))
	return t.build(ctx, target, programs.ControlPlane(), "-v", "-ldflags",
		"-s -w "+stamp+"gitVersion="+version+" "+stamp+"gitMajor="+numbers[0]+" "+stamp+"gitMinor="+numbers[1])
}

// copyCRDs takes them from the folder of their module: they are a file of it, not
// a package.
func (t *toolchain) copyCRDs(ctx context.Context, path string) error {
	module, err := t.run(ctx, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "istio.io/api")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(module), "kubernetes", "customresourcedefinitions.gen.yaml"))
	if err != nil {
		return fmt.Errorf("read Istio's custom resource definitions: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}

func (t *toolchain) build(ctx context.Context, target, output string, flags ...string) error {
	args := append([]string{"build", "-mod=readonly", "-buildvcs=false", "-o", output}, flags...)
	_, err := t.run(ctx, append(args, target)...)
	return err
}

// run returns what the go command prints. What it says meanwhile is progress.
func (t *toolchain) run(ctx context.Context, args ...string) (string, error) {
	program, err := exec.LookPath("go")
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("there is no go command in PATH; install Go, or add its bin folder to PATH")
	}
	if err != nil {
		return "", err
	}
	if t.guard != "" {
		program, args = t.guard, append([]string{program}, args...)
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = t.module
	// The programs are for this machine and for this module alone, whatever the
	// caller works on.
	command.Env = append(os.Environ(), "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOWORK=off", "GOFLAGS=")
	// With a group of its own, the guard can end the compilers with the go command.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	t.leash.Tie(command)
	var printed strings.Builder
	command.Stdout, command.Stderr = &printed, t.progress
	if err := command.Run(); err != nil {
		return "", t.progress.failure(args, err)
	}
	return printed.String(), nil
}
