package cluster

import (
	"net"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReservedPortIsForOneThatShares(t *testing.T) {
	reserved, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reserved.release)
	address := net.JoinHostPort(loopback, strconv.Itoa(reserved.number))

	if stranger, err := net.Listen("tcp", address); err == nil {
		stranger.Close()
		t.Fatal("a stranger got the port")
	}
	server := net.ListenConfig{Control: func(_, _ string, socket syscall.RawConn) (err error) {
		controlErr := socket.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		if controlErr != nil {
			return controlErr
		}
		return err
	}}
	listener, err := server.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("the server cannot listen: %v", err)
	}
	defer listener.Close()

	// Every connection has to reach the server: what reserves the port listens not.
	for range 20 {
		client, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		accepted.Close()
		client.Close()
	}
}
