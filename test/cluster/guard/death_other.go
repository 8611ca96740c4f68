//go:build !linux

package main

import "syscall"

// dieWithParent has no counterpart here; the leash is all there is.
func dieWithParent() *syscall.SysProcAttr { return nil }
