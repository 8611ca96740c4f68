package main

import "syscall"

// dieWithParent covers what the leash cannot: the guard itself being killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
