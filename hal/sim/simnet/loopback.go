// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net"
	"sync/atomic"
)

var (
	loopback = net.IPv4(127, 0, 0, 1)
	lastPort atomic.Uint32 // of Loopback; 0: there was none
)

// Loopback listens on a free port of 127.0.0.1, for tests that want a real
// network.
func Loopback() (net.Listener, error) {
	// Linux searches some milliseconds for a free port when thousands are in use. The
	// neighbour of the last one is free most of the time.
	if next := lastPort.Add(1); next > 1 && next < 1<<16 {
		if l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: loopback, Port: int(next)}); err == nil {
			return l, nil
		}
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: loopback})
	if err != nil {
		return nil, err
	}
	lastPort.Store(uint32(l.Addr().(*net.TCPAddr).Port))
	return l, nil
}
