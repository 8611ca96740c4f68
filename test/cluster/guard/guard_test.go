package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/meshward/meshward/test/cluster/internal/leash"
)

// guardVariable makes the test binary the guard itself.
const guardVariable = "MESHWARD_TEST_GUARD"

func TestMain(m *testing.M) {
	if os.Getenv(guardVariable) != "" {
		os.Unsetenv(guardVariable)
		main()
	}
	os.Exit(m.Run())
}

func TestStatusIsThatOfTheProgram(t *testing.T) {
	for script, want := range map[string]int{
		"exit 0":        0,
		"exit 7":        7,
		"kill -KILL $$": 128 + 9,
	} {
		command, _ := guarded(t, "sh", "-c", script)
		if err := command.Run(); err == nil && want != 0 {
			t.Errorf("%s: it succeeded", script)
		}
		if got := command.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: got status %d, want %d", script, got, want)
		}
	}
}

func TestProgramMustExist(t *testing.T) {
	command, _ := guarded(t, "/no/such/program")
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 127 || !strings.Contains(string(output), "/no/such/program") {
		t.Errorf("got %v and %q, want status 127 and the program's name", err, output)
	}
}

// What holds the output open is alive; so its end is the end of all of them.
func TestReleaseEndsTheProgramAndItsChildren(t *testing.T) {
	command, leash := guarded(t, "sh", "-c", "sleep 1000 & sleep 1000 & echo up; wait")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output := startAndAwait(t, command, "up")
	leash.Release()
	io.Copy(io.Discard, output)
	command.Wait()
}

func TestLeashIsNotPassedOn(t *testing.T) {
	command, _ := guarded(t, "sh", "-c", "env; echo >&3")
	output, err := command.CombinedOutput()
	if strings.Contains(string(output), "LEASH") || err == nil {
		t.Errorf("the program has the leash: error %v, output:\n%s", err, output)
	}
}

func TestTerminationIsPassedOn(t *testing.T) {
	command, _ := guarded(t, "sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done")
	startAndAwait(t, command, "up")
	for range 10 {
		command.Process.Signal(syscall.SIGINT) // a terminal has sent it to the program as well
	}
	command.Process.Signal(syscall.SIGTERM)
	command.Wait()
	if got := command.ProcessState.ExitCode(); got != 5 {
		t.Errorf("got status %d, want that of the program's own handler", got)
	}
}

// guarded returns a command that runs a program under the guard.
func guarded(t *testing.T, program string, args ...string) (*exec.Cmd, *leash.Leash) {
	t.Helper()
	l, err := leash.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	command := exec.Command(os.Args[0], append([]string{program}, args...)...)
	command.Env = append(os.Environ(), guardVariable+"=1")
	l.Tie(command)
	return command, l
}

// startAndAwait returns the output after the line that the program prints first.
func startAndAwait(t *testing.T, command *exec.Cmd, line string) io.Reader {
	t.Helper()
	pipe, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(pipe)
	if got, err := output.ReadString('\n'); err != nil || got != line+"\n" {
		t.Fatalf("got %q, error %v; want %q", got, err, line)
	}
	return output
}
