package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/meshward/meshward/pkg/validate/report"
)

// colorModes are the values of --color, and when each of them colours.
var colorModes = map[string]func(io.Writer) bool{
	"always": func(io.Writer) bool { return true },
	"auto":   wantsColor,
	"never":  func(io.Writer) bool { return false },
}

// wantsColor reports whether somebody looks on who has nothing against colours.
func wantsColor(out io.Writer) bool {
	return isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isTerminal reports whether a stream is what somebody sits at.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printer returns what prints the report in the format that was asked for.
func (v *validation) printer(out io.Writer) (report.Printer, error) {
	printer, ok := report.Formats[v.output]
	if !ok {
		return nil, fmt.Errorf("--output is %q; it must be one of %s", v.output, names(report.Formats))
	}
	inColor, ok := colorModes[v.color]
	if !ok {
		return nil, fmt.Errorf("--color is %q; it must be one of %s", v.color, names(colorModes))
	}
	if v.output == "text" && inColor(out) {
		return report.ColorText, nil
	}
	return printer, nil
}
