// SPDX-License-Identifier: Apache-2.0

package att

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Host is the stack on one controller. New makes it. Its methods may be called
// from any goroutine, except as ble.Peripheral says.
type Host struct {
	t   Transport
	cfg Config

	start sync.Mutex // held by StartGATT, taken before mu

	mu      sync.Mutex // guards what follows; not held over calls out
	up      bool       // the controller was set up
	serving bool       // between StartGATT and StopGATT
	leaving bool       // Reset is sent when the last connection is gone
	advOn   bool
	gatt    ble.Config
	handler ble.Handler
	era     uint32 // counts StartGATT
	count   uint16 // of all connections so far; upper half of ble.Conn
	conns   []conn
	table   table
	public  Address // the controller's; with Config.Pairing
	address Address // of the service

	queue   [16]command // ring
	first   int
	queued  int
	credits int // commands that the controller takes now
	waiter  *waiter
	drained chan struct{} // closed when the last connection is gone; or nil

	aclLen  int // of the controller's buffers
	aclNum  int
	aclFree int
	next    int    // index of the connection that sends next
	sending bool   // pump runs, and owns out
	out     []byte // packet being sent
	secret  bool   // out has keys
	burst   []byte // for what Config.Pairing sends; owned by the receiver
	sendErr error  // of the last failed Send
}

var (
	_ ble.Peripheral      = (*Host)(nil)
	_ ble.PairingReporter = (*Host)(nil)
)

// New returns a stack that is down. It becomes the transport's receiver and
// sends nothing. An error is about cfg.
func New(t Transport, cfg Config) (*Host, error) {
	if cfg.Clock == nil {
		cfg.Clock = hal.SystemClock{}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MTU == 0 {
		cfg.MTU = DefaultMTU
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 1
	}
	switch {
	case t == nil:
		return nil, errTransport
	case cfg.MTU < MinMTU || cfg.MTU > MaxMTU:
		return nil, errMTU
	case cfg.MaxConns < 0 || cfg.MaxConns > MaxConns:
		return nil, errConns
	}
	h := &Host{t: t, cfg: cfg, credits: 1}
	h.conns = make([]conn, cfg.MaxConns)
	for i := range h.conns {
		h.conns[i].rx = make([]byte, headL2CAP+max(cfg.MTU, 65)) // 65: security manager
		h.conns[i].tx = make([]byte, headL2CAP+cfg.MTU+1)        // 1: see readByType
		h.conns[i].queue.value = make([]byte, ble.MaxValue)
		h.conns[i].sec = &security{}
		if cfg.Pairing != nil {
			h.burst = make([]byte, 0, pairingRoom)
			*h.conns[i].sec = security{peer: cfg.Pairing.NewPeer(), out: make([]byte, 0, pairingRoom)}
		}
	}
	h.out = make([]byte, max(1+headACL+headL2CAP+cfg.MTU, 64))
	t.SetReceiver(h.receive)
	return h, nil
}

// StartGATT implements ble.Peripheral.
func (h *Host) StartGATT(cfg ble.Config, handler ble.Handler) error {
	h.start.Lock()
	defer h.start.Unlock()
	if err := checkConfig(&cfg, handler, h.cfg.Pairing != nil); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serving {
		return &stackError{"the peripheral runs already; stop it first", hal.ErrBusy}
	}
	if !h.up || h.leaving {
		h.awaitDrained()
		if err := h.bringUp(); err != nil {
			return h.takeDown(err)
		}
	}
	cfg.Characteristics = append([]ble.Characteristic(nil), cfg.Characteristics...)
	cfg.ManufacturerData = append([]byte(nil), cfg.ManufacturerData...)
	err := h.setUpAdvertising(&cfg, h.do)
	if err == nil && !h.up {
		err = &stackError{"the peripheral was stopped while it started", nil}
	}
	if err != nil {
		return h.takeDown(err)
	}
	h.gatt, h.handler = cfg, handler
	h.table = newTable(&h.gatt)
	h.address = h.public
	if a := cfg.RandomAddress; a != [6]byte{} {
		h.address = Address{1, a[0], a[1], a[2], a[3], a[4], a[5]}
	}
	h.era++
	// From here on a client may connect.
	h.serving = true
	if h.freeConn() == nil {
		return nil // a connection was kept; advertising begins when it ends
	}
	h.advOn = true
	if _, err := h.run("advertising", opLEAdvEnable, 1); err != nil {
		h.serving, h.handler = false, nil
		return h.takeDown(err)
	}
	return nil
}

// bringUp resets the controller and asks for its buffers and address. mu is held,
// but not while waiting.
func (h *Host) bringUp() error {
	if _, err := h.run("resetting the controller", opReset); err != nil {
		return err
	}
	h.forgetConns()
	h.leaving, h.advOn = false, false
	if h.cfg.Pairing != nil {
		a, err := h.run("address", opReadAddress)
		if err != nil {
			return err
		}
		h.public = Address{0, a[6], a[5], a[4], a[3], a[2], a[1]}
	}
	if err := h.chooseEvents(h.do); err != nil {
		return err
	}
	size, err := h.run("LE buffer size", opLEReadBufferSize)
	if err != nil {
		return err
	}
	length, n := le.Uint16(size[1:]), int(size[3])
	if length == 0 || n == 0 { // shared with classic Bluetooth
		if size, err = h.run("buffer size", opReadBufferSize); err != nil {
			return err
		}
		length, n = le.Uint16(size[1:]), le.Uint16(size[4:])
	}
	if length < minACL || n == 0 {
		return &stackError{"the controller has no buffers for data", nil}
	}
	h.aclLen = min(length, len(h.out)-1-headACL)
	h.aclNum, h.aclFree = n, n
	h.up = true
	return nil
}

// StopGATT implements ble.Peripheral. It hands the commands to the transport and
// does not wait until the controller has carried them out.
func (h *Host) StopGATT(how ble.StopOptions) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	// After a failed stop the peripheral is not serving, but advertising is on.
	if !h.up || h.leaving || !h.serving && how.KeepOn && !h.advOn {
		return nil
	}
	h.sendErr = nil
	h.serving, h.handler = false, nil
	if h.advOn {
		h.advOn = false
		h.enqueue(opLEAdvEnable, 0)
	}
	h.eachConn(func(c *conn) {
		switch {
		case !how.KeepOn || !how.KeepConnections:
			h.hangUp(c, ble.ReasonRemoteUser)
		case c.writing: // nobody responds any more
			c.writing = false
			h.answerWrite(c, ble.ATTUnlikely)
		}
	})
	if !how.KeepOn {
		h.leaving = true
		if !h.anyConn() {
			h.powerDown()
		}
	}
	h.pump()
	if h.sendErr != nil {
		h.up, h.leaving, h.advOn = true, false, true // perhaps
		return &stackError{"the controller could not be stopped", h.sendErr}
	}
	return nil
}

// takeDown undoes a start that failed. It returns why the start failed, or why the
// transport takes nothing any more. mu is held.
func (h *Host) takeDown(why error) error {
	h.sendErr = nil
	h.dropCommands()
	h.forgetConns()
	h.powerDown()
	h.pump()
	if errors.Is(why, errTimeout) {
		h.credits = 1 // nobody waits for this reset
	}
	if h.sendErr != nil && !errors.Is(why, h.sendErr) {
		return &stackError{"the controller cannot be reached", h.sendErr}
	}
	return why
}

// powerDown resets the controller, which ends all it does. mu is held.
func (h *Host) powerDown() {
	h.up, h.leaving, h.advOn = false, false, false
	h.enqueue(opReset)
}

// Respond implements ble.Peripheral.
func (h *Host) Respond(id ble.Conn, code ble.ATTError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.find(id)
	if c == nil || !c.writing {
		return
	}
	c.writing = false
	h.answerWrite(c, code)
	h.pump()
}

// Disconnect implements ble.Peripheral.
func (h *Host) Disconnect(id ble.Conn, reason ble.HCIReason) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.find(id)
	if c == nil {
		return nil
	}
	h.sendErr = nil
	if !h.hangUp(c, reason) {
		return errQueue
	}
	h.pump()
	return h.sendErr
}
