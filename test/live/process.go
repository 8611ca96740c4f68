package live

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// run runs a command and returns what it said if it fails.
func run(command *exec.Cmd) error {
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, out)
	}
	return nil
}

// tail is the end of a file, for an error.
func tail(path string) string {
	const most = 4 << 10
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

func encode(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
