package att

// Transport carries HCI packets between host and controller, in the framing of
// UART transports (H4): a byte with the packet's type, then the packet. ESP32's
// VHCI is one.
type Transport interface {
	// Send hands one packet to the controller. It may block for as long as
	// the controller takes to receive it. The host makes one call at a time,
	// never with a lock held, and uses packet again when it returned. After
	// an error the packet is lost.
	Send(packet []byte) error

	// SetReceiver sets the function that gets each packet from the
	// controller; nil: none. Calls of fn come one at a time, in order, and
	// never from inside Send. packet is valid during the call. Whoever
	// returned from SetReceiver may still see a call of the former fn end.
	SetReceiver(fn func(packet []byte))
}
