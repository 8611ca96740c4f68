package cluster

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// port is a TCP port of the loopback address that is kept free for one server. It
// is bound and never listened on, so that the kernel gives it to nobody else,
// while a server that shares its ports can listen on it: there is no moment in
// which it is up for grabs.
type port struct {
	number int
	socket int
}

// reservePort returns an error only if the system has no port left.
func reservePort() (port, error) {
	// The lock keeps a child that is started meanwhile from inheriting the socket.
	syscall.ForkLock.RLock()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return port{}, fmt.Errorf("reserve a port: %w", err)
	}
	number, err := bindAny(socket)
	if err != nil {
		unix.Close(socket)
		return port{}, fmt.Errorf("reserve a port: %w", err)
	}
	return port{number: number, socket: socket}, nil
}

func bindAny(socket int) (int, error) {
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return address.(*unix.SockaddrInet4).Port, nil
}

// release gives the port up. The server that listens on it keeps it.
func (p port) release() { unix.Close(p.socket) }
