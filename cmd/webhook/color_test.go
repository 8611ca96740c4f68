package main

import (
	"bytes"
	"os"
	"testing"
)

// TestColorsAreForTerminals checks whom the text is coloured for without being
// asked to. A script cannot: it reads what a command says, so no terminal does.
func TestColorsAreForTerminals(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil || !isTerminal(terminal) {
		t.Skipf("no terminal: %v", err)
	}
	defer terminal.Close()
	tests := []struct {
		noColor, term string
		want          bool
	}{
		{term: "xterm", want: true},
		{term: "", want: true},
		{term: "dumb", want: false},
		{noColor: "1", term: "xterm", want: false},
	}
	for _, test := range tests {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		if got := colorModes["auto"](terminal); got != test.want {
			t.Errorf("NO_COLOR=%q TERM=%q: colours %t, want %t", test.noColor, test.term, got, test.want)
		}
		if colorModes["auto"](&bytes.Buffer{}) {
			t.Error("a file gets colours")
		}
	}
}
