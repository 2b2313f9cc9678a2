// SPDX-License-Identifier: Apache-2.0

package att

// Transport carries HCI packets between host and controller, an ESP32's VHCI for
// instance. The framing is that of UART transports (H4): a byte with the packet's
// type, then the packet.
type Transport interface {
	// Send hands one packet to the controller. It may block until the
	// controller has received it. The host makes one call at a time, with no
	// lock held, and reuses packet when Send has returned. After an error the
	// packet is lost.
	Send(packet []byte) error

	// SetReceiver sets the function that gets each packet from the
	// controller; nil: none. Calls of fn come one at a time, in order, and
	// never from inside Send. packet is valid during the call. A call of the
	// former fn may still be running when SetReceiver returns.
	SetReceiver(fn func(packet []byte))
}
