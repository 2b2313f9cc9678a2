// SPDX-License-Identifier: Apache-2.0

package att

import (
	"time"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// PairingTimeout is how long a pairing may go without a packet before its link is
// ended (Bluetooth Core, Vol 3 Part H 3.4).
const PairingTimeout = 30 * time.Second

// Address is a device address: its type, 0 public or 1 random, then its six
// bytes, the most significant first.
type Address [7]byte

// Pairing is a security manager: it pairs clients and keeps their keys. Package smp
// has one.
type Pairing interface {
	// NewPeer returns the security of one connection at a time. New calls
	// NewPeer Config.MaxConns times.
	NewPeer() PairingPeer
}

// PairingPeer is the security manager's half of a connection. A Host calls it in its
// receiver, one call at a time, with no lock held. So calls may take the time that
// cryptography takes; meanwhile nothing is received.
//
// A call sends PDUs by appending each to dst with AppendPairing and returning the
// result. pdu is valid during the call.
type PairingPeer interface {
	// Connected begins a connection and forgets the one before.
	Connected(PairingLink)

	// Disconnected ends the connection and wipes its keys. It may come as late
	// as just before the next Connected.
	Disconnected()

	// Receive takes a PDU from the client.
	Receive(dst, pdu []byte) []byte

	// LongTermKey returns the key with which the client wants to encrypt the
	// link, in HCI's order of bytes; false: there is none. random and
	// diversifier name the key.
	LongTermKey(random uint64, diversifier uint16) (key [16]byte, ok bool)

	// Encrypted tells whether the link is encrypted now, with the key that
	// LongTermKey returned last. false: encryption ended or failed.
	Encrypted(dst []byte, on bool) []byte

	// State is asked after each of these calls.
	State() PairingState
}

// PairingLink is a connection that may be paired.
type PairingLink struct {
	Local, Peer Address // as the connection was made
	// Bonding and SecureConnections are those of ble.Config.
	Bonding, SecureConnections bool
}

// PairingState is the state of a connection's pairing.
type PairingState struct {
	Running bool // a pairing is under way, within PairingTimeout
	Bonded  bool // the client has a key of an earlier pairing
}

// AppendPairing appends a PDU of the security manager to dst.
func AppendPairing(dst []byte, pdu ...byte) []byte {
	dst = append(dst, byte(len(pdu)), byte(len(pdu)>>8), cidSecurity, 0)
	return append(dst, pdu...)
}

// pairingRoom is the size of the buffer for the security manager's frames: it fits
// the answers to a public key, and the keys of a legacy pairing.
const pairingRoom = 176

// security is a connection's state for Config.Pairing.
type security struct {
	peer PairingPeer // nil: there is no pairing
	// out has the frames to send. The first begins at from; sent bytes of it
	// are sent.
	out        []byte
	from, sent int

	stale     bool // peer.Disconnected has to be called
	keyed     bool // the controller has a key for the link
	encrypted bool
	bonded    bool
	timer     hal.Timer // ends a pairing that takes too long
	armed     uint32    // changes with every packet
}

// waiting reports whether there is something to send.
func (s *security) waiting() bool { return len(s.out) > 0 }

// drop drops the frames to send. mu is held.
func (s *security) drop() {
	clear(s.out)
	s.out, s.from, s.sent = s.out[:0], 0, 0
}

// begin forgets the former connection. mu is held.
func (s *security) begin() {
	s.halt()
	s.drop()
	s.keyed, s.encrypted, s.bonded = false, false, false
}

// halt stops the timer. mu is held.
func (s *security) halt() {
	s.armed++
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// introduce tells the security manager of a new connection. mu is held, but not
// during the call.
func (h *Host) introduce(c *conn, peer Address) {
	s := c.sec
	if s.peer == nil {
		return
	}
	s.begin()
	link := PairingLink{
		Local: h.address, Peer: peer,
		Bonding: h.gatt.Bonding, SecureConnections: h.gatt.SecureConnections,
	}
	id := c.id
	h.mu.Unlock()
	s.peer.Connected(link)
	state := s.peer.State()
	h.mu.Lock()
	h.settle(c, id, state, nil)
}

// settle takes the results of a call of the security manager: its state, and the
// frames to send, which it wipes in out. It reports whether the connection is still
// there. mu is held.
func (h *Host) settle(c *conn, id ble.Conn, state PairingState, out []byte) bool {
	s := c.sec
	there := c.used && c.id == id
	if there {
		s.out = append(s.out, out...)
	}
	clear(out)
	s.halt()
	if !there {
		return false
	}
	s.bonded = state.Bonded
	if state.Running {
		armed := s.armed
		s.timer = h.cfg.Clock.AfterFunc(PairingTimeout, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if s.armed == armed && c.used && c.id == id {
				h.cfg.Logger.Log(hal.LevelWarn, "a pairing took too long; the link is ended")
				h.hangUp(c, ble.ReasonPairingFailed)
				h.pump()
			}
		})
	}
	return true
}

// Pairing implements ble.PairingReporter.
func (h *Host) Pairing(id ble.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.find(id)
	return c != nil && c.sec.timer != nil
}

// forgetPeers wipes the keys of connections that are gone. mu is held, but not
// during the calls.
func (h *Host) forgetPeers() {
	for i := range h.conns {
		if s := h.conns[i].sec; s.stale && s.peer != nil && !h.conns[i].used {
			s.stale = false
			s.begin()
			h.mu.Unlock()
			s.peer.Disconnected()
			h.mu.Lock()
		}
	}
}

// pair takes a PDU from the client. It drops a PDU that breaks the protocol by
// coming before the former one is answered. mu is held, but not during the call.
func (h *Host) pair(c *conn, p []byte) {
	const failed = 0x05
	s := c.sec
	if len(p) == 0 || c.ending || s.waiting() && p[0] != failed {
		return
	}
	id := c.id
	h.mu.Unlock()
	out := s.peer.Receive(h.burst[:0], p)
	clear(p)
	state := s.peer.State()
	h.mu.Lock()
	h.settle(c, id, state, out)
}

// keyRequest takes LE Long Term Key Request: handle, random number,
// diversifier. mu is held, but not during the call.
func (h *Host) keyRequest(p []byte) {
	c := h.byHandle(le.Uint16(p))
	if c == nil || c.sec.peer == nil || len(p) < 12 {
		h.enqueue(opLELTKNegative, p[0], p[1])
		return
	}
	s, id := c.sec, c.id
	random := uint64(0)
	for i := 9; i >= 2; i-- {
		random = random<<8 | uint64(p[i])
	}
	h.mu.Unlock()
	key, ok := s.peer.LongTermKey(random, uint16(le.Uint16(p[10:])))
	state := s.peer.State()
	h.mu.Lock()
	switch {
	case !h.settle(c, id, state, nil):
	case ok:
		reply := [18]byte{p[0], p[1]}
		copy(reply[2:], key[:])
		s.keyed = h.enqueue(opLELTKReply, reply[:]...)
		clear(reply[:])
	default:
		h.enqueue(opLELTKNegative, p[0], p[1])
	}
	clear(key[:])
}

// encryption takes a change of a link's encryption. mu is held, but not during
// the call.
func (h *Host) encryption(handle int, on bool) {
	c := h.byHandle(handle)
	if c == nil || c.sec.peer == nil {
		return
	}
	s, id := c.sec, c.id
	on = on && s.keyed
	s.encrypted = on
	h.mu.Unlock()
	out := s.peer.Encrypted(h.burst[:0], on)
	state := s.peer.State()
	h.mu.Lock()
	h.settle(c, id, state, out)
}

// permits refuses access to values without an encrypted link, if ble.Config.Encrypt
// is set. The refusals make a client pair, or encrypt with the keys that it has
// (Bluetooth Core, Vol 3 Part C 10.3.1).
func (h *Host) permits(c *conn) ble.ATTError {
	switch {
	case !h.gatt.Encrypt || c.sec.encrypted:
		return ble.ATTSuccess
	case c.sec.bonded:
		return ble.ATTInsufficientEncryption
	}
	return ble.ATTInsufficientAuthentication
}

// fragmentPairing puts the next fragment of the security manager's frames into
// out and returns its length. It wipes frames that are sent.
func (h *Host) fragmentPairing(c *conn) int {
	s := c.sec
	frame := s.out[s.from:]
	frame = frame[:headL2CAP+le.Uint16(frame)]
	length := len(frame)
	n := h.fragment(c, frame, &length, &s.sent)
	h.secret = true
	if length == 0 {
		clear(frame)
		s.from += len(frame)
	}
	if s.from == len(s.out) {
		s.out, s.from = s.out[:0], 0
	}
	return n
}
