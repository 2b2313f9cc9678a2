package att

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// PairingTimeout is how long a pairing may go without a packet (Bluetooth Core,
// Vol 3 Part H 3.4); the link of one that takes longer is ended.
const PairingTimeout = 30 * time.Second

// Address is a device address: its type, 0 public or 1 random, then its six
// bytes, the most significant first.
type Address [7]byte

// Pairing is a security manager: how clients pair, and what keys they have.
// Package smp has one; only a firmware that names it links it.
type Pairing interface {
	// NewPeer returns room for the security of one connection at a time. New
	// calls it Config.MaxConns times.
	NewPeer() PairingPeer
}

// PairingPeer is the security manager's half of a connection. A Host makes all
// calls in its receiver, one at a time, and with no lock held, so they may take
// the time that cryptography takes; meanwhile nothing is received.
//
// What is to be sent is appended to dst as PDUs of L2CAP's channel 6, each by
// AppendPairing, and the result returned; pdu is valid during the call.
type PairingPeer interface {
	// Connected begins a connection. Nothing is left of the one before.
	Connected(PairingLink)

	// Disconnected ends it: keys are wiped. It follows Connected, at the
	// latest with the next Connected.
	Disconnected()

	// Receive takes a PDU of the client's.
	Receive(dst, pdu []byte) []byte

	// LongTermKey returns the key that the client wants to encrypt the link
	// with, in the order of bytes of HCI; false: there is none. random and
	// diversifier are what it names the key by.
	LongTermKey(random uint64, diversifier uint16) (key [16]byte, ok bool)

	// Encrypted tells that the link is encrypted with the key that
	// LongTermKey returned last, or that it is not encrypted any more, or
	// that this failed.
	Encrypted(dst []byte, on bool) []byte

	// State returns how things stand after each of these calls.
	State() PairingState
}

// PairingLink is a connection that may be paired.
type PairingLink struct {
	Local, Peer Address // as the connection was made
	// Bonding and SecureConnections are those of ble.Config.
	Bonding, SecureConnections bool
}

// PairingState is how far a connection's pairing is.
type PairingState struct {
	Running bool // a pairing is under way, within PairingTimeout
	Bonded  bool // the client has a key of an earlier pairing
}

// AppendPairing appends a PDU of the security manager to what is sent.
func AppendPairing(dst []byte, pdu ...byte) []byte {
	dst = append(dst, byte(len(pdu)), byte(len(pdu)>>8), cidSecurity, 0)
	return append(dst, pdu...)
}

// pairingRoom is what a connection's frames of the security manager take: the
// answers to a public key and the keys of a legacy pairing.
const pairingRoom = 176

// security is what a connection has for Config.Pairing.
type security struct {
	peer PairingPeer
	// out has frames that are to be sent, from is where the first begins, of
	// which sent bytes are gone.
	out        []byte
	from, sent int

	stale     bool // Disconnected has to be called
	keyed     bool // the controller has a key for the link
	encrypted bool
	bonded    bool
	timer     hal.Timer // ends a pairing that takes too long
	armed     uint32    // changes with every packet
}

// waiting reports whether there is something to send.
func (s *security) waiting() bool { return s != nil && len(s.out) > 0 }

// drop drops what is to be sent. mu is held.
func (s *security) drop() {
	if s != nil {
		clear(s.out)
		s.out, s.from, s.sent = s.out[:0], 0, 0
	}
}

// begin forgets the connection before. mu is held.
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
	if s == nil {
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

// settle takes what a call of the security manager brought about: what is to be
// sent, which is wiped, and how things stand. It reports whether the connection
// is still there. mu is held.
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
	return c != nil && c.sec != nil && c.sec.timer != nil
}

// forgetPeers wipes the keys of connections that are gone. mu is held, but not
// during the calls.
func (h *Host) forgetPeers() {
	for i := range h.conns {
		if s := h.conns[i].sec; s != nil && s.stale && !h.conns[i].used {
			s.stale = false
			s.begin()
			h.mu.Unlock()
			s.peer.Disconnected()
			h.mu.Lock()
		}
	}
}

// pair takes a PDU of the security manager. One that comes while answers to
// the former wait, as no client does that keeps to the protocol, is dropped.
// mu is held, but not during the call.
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
	c := h.byHandle(le16(p))
	if c == nil || c.sec == nil || len(p) < 12 {
		h.enqueue(opLELTKNegative, p[0], p[1])
		return
	}
	s, id := c.sec, c.id
	random := uint64(0)
	for i := 9; i >= 2; i-- {
		random = random<<8 | uint64(p[i])
	}
	h.mu.Unlock()
	key, ok := s.peer.LongTermKey(random, uint16(le16(p[10:])))
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
	if c == nil || c.sec == nil {
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

// permits judges an access to a value: with ble.Config.Encrypt it needs an
// encrypted link. The refusals make a client pair, or encrypt with the keys
// that it has (Bluetooth Core, Vol 3 Part C 10.3.1).
func (h *Host) permits(c *conn) ble.ATTError {
	switch s := c.sec; {
	case !h.gatt.Encrypt || s != nil && s.encrypted:
		return ble.ATTSuccess
	case s != nil && s.bonded:
		return ble.ATTInsufficientEncryption
	}
	return ble.ATTInsufficientAuthentication
}

// fragmentPairing puts the next fragment of the security manager's frames into
// out and returns its length. What is gone is wiped.
func (h *Host) fragmentPairing(c *conn) int {
	s := c.sec
	frame := s.out[s.from:]
	frame = frame[:headL2CAP+le16(frame)]
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
