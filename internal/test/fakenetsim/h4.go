// SPDX-License-Identifier: Apache-2.0

package fakenetsim

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/wifiprov/wifiprov/hal/sim"
)

// ServeH4 gives each connection to l a new controller that speaks H4, until l is closed.
func ServeH4(l net.Listener, air *sim.Air) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() { _ = H4(conn, air) }()
	}
}

// H4 is a new controller at the end of a connection, which it closes.
func H4(conn io.ReadWriteCloser, air *sim.Air) error {
	defer conn.Close()
	controller, err := air.NewController(sim.ControllerConfig{})
	if err != nil {
		return err
	}
	defer controller.Close()
	var mu sync.Mutex
	controller.SetReceiver(func(packet []byte) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = conn.Write(packet)
	})
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(conn, head[:4]); err != nil {
			return err
		}
		packet, n := append([]byte(nil), head[:4]...), int(head[3])
		switch head[0] {
		case 1:
		case 2:
			if _, err := io.ReadFull(conn, head[4:]); err != nil {
				return err
			}
			packet, n = append(packet, head[4]), int(binary.LittleEndian.Uint16(head[3:]))
		default:
			return fmt.Errorf("a host sends type %d", head[0])
		}
		packet = append(packet, make([]byte, n)...)
		if _, err := io.ReadFull(conn, packet[len(packet)-n:]); err != nil {
			return err
		}
		if err := controller.Send(packet); err != nil {
			return err
		}
	}
}
