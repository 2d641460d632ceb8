package database

import (
	"fmt"
	"strings"
	"syscall"
)

// userTimeout is TCP_USER_TIMEOUT of <netinet/tcp.h>, in milliseconds.
const userTimeout = 18

// boundSilence has the system give a connection up whose other end acknowledges nothing.
func boundSilence(network, _ string, conn syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var refused error
	err := conn.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(silence.Milliseconds()))
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return fmt.Errorf("bound how long the database may be silent: %w", err)
	}
	return nil
}
