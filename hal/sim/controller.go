// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Defaults of a ControllerConfig.
const (
	DefaultACLLength  = 251
	DefaultACLBuffers = 8
)

// ControllerConfig describes a Controller. The zero value means the defaults.
type ControllerConfig struct {
	// Address is the public one, most significant byte first; zero:
	// 02:77:66:HH:LL:BE, where HHLL counts the controllers of the air from 1.
	Address [6]byte
	// RSSI of the controller in dBm; 0: DefaultRSSI.
	RSSI int8
	// ACLLength is the longest data packet that host and controller exchange,
	// 27 to 251 bytes; 0: DefaultACLLength.
	ACLLength int
	// ACLBuffers is how many data packets of the host the controller holds; 0:
	// DefaultACLBuffers.
	ACLBuffers int
}

// Controller is the Bluetooth LE controller of a simulated device or phone: it
// speaks HCI to a host stack and meets other controllers on the air. It has what a
// peripheral and a central need: legacy advertising, scanning, connections, data, and
// encryption, which is only marked and not done. Its methods Send and SetReceiver
// make it an att.Transport. Like a board it has no goroutine; its packets come from a
// timer, never from inside a method.
//
// Data takes time: in each connection interval, which the central chooses, up to 4
// packets pass in each direction. SetLoss, CutAfter and Drop script loss and the end
// of links; Fail resets the controller.
type Controller struct {
	air    *Air
	cfg    ControllerConfig
	number int

	// guarded by air.mu
	closed  bool
	random  [6]byte // address, least significant byte first
	loss    int     // packets lost of 1000
	rolls   uint64
	cut     int // data packets until all links break; -1: never
	adv     advertiser
	scan    bleScan
	initing *initiator
	links   []*bleLink

	out     hostQueue
	sniffer hostQueue
	sniffed bool // guarded by air.mu
}

var (
	errController = errors.New("sim: a controller's data packets have 27 to 251 bytes and it has 1 to 255 of them")
	errPacket     = errors.New("sim: not an HCI packet for a controller")
)

// NewController puts a controller on the air. It fails for an impossible
// configuration and beyond MaxBoards.
func (a *Air) NewController(cfg ControllerConfig) (*Controller, error) {
	if cfg.ACLLength == 0 {
		cfg.ACLLength = DefaultACLLength
	}
	if cfg.ACLBuffers == 0 {
		cfg.ACLBuffers = DefaultACLBuffers
	}
	if cfg.RSSI == 0 {
		cfg.RSSI = DefaultRSSI
	}
	if cfg.ACLLength < 27 || cfg.ACLLength > 251 || cfg.ACLBuffers < 1 || cfg.ACLBuffers > 255 {
		return nil, errController
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.controllers) == MaxBoards {
		return nil, errTooManyBoards
	}
	a.controllerNumber++
	c := &Controller{air: a, cfg: cfg, number: a.controllerNumber, cut: -1}
	if c.cfg.Address == [6]byte{} {
		c.cfg.Address = [6]byte{0x02, 0x77, 0x66, byte(c.number >> 8), byte(c.number), 0xBE}
	}
	c.out.clock, c.sniffer.clock = a.cfg.Clock, a.cfg.Clock
	a.controllers = append(a.controllers, c)
	return c, nil
}

// Close takes the controller off the air. Peers notice after their supervision
// timeout. Closing twice is allowed.
func (c *Controller) Close() {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	c.resetLocked()
	c.closed = true
	c.out.set(nil)
	if i := slices.Index(c.air.controllers, c); i >= 0 {
		c.air.controllers = slices.Delete(c.air.controllers, i, i+1)
	}
}

// SetReceiver sets the host that gets the controller's packets; nil: none.
func (c *Controller) SetReceiver(fn func(packet []byte)) { c.out.set(fn) }

// SetLoss makes the air lose perMille of 1000 packets that this controller sends. The
// link layer repeats lost packets, so loss costs time. A link ends if all packets
// are lost for longer than the supervision timeout, as with 1000.
func (c *Controller) SetLoss(perMille int) {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	c.loss = perMille
}

// CutAfter breaks all links of the controller when n more data packets have passed,
// in either direction. Then nothing passes any more, and both sides notice after the
// supervision timeout. 0: at once; negative: never.
func (c *Controller) CutAfter(n int) {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	c.cut = n
	c.countLocked(0)
}

// Drop ends all links of the controller at once, with a reason for both sides,
// and returns how many there were.
func (c *Controller) Drop(reason ble.HCIReason) int {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	n := len(c.links)
	for len(c.links) > 0 {
		c.links[0].endLocked(byte(reason), byte(reason))
	}
	return n
}

// Fail makes the controller fail: it resets itself and tells its host with the event
// Hardware Error. Peers notice after their supervision timeout.
func (c *Controller) Fail() {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	c.resetLocked()
	c.event(hciHardwareError, 0)
}

// Links returns how many links the controller has.
func (c *Controller) Links() int {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	return len(c.links)
}

// Advertising returns the advertising data and scan response of the controller; ok is
// false if it does not advertise.
func (c *Controller) Advertising() (data, scanResponse []byte, ok bool) {
	c.air.mu.Lock()
	defer c.air.mu.Unlock()
	return slices.Clone(c.adv.data), slices.Clone(c.adv.response), c.adv.on
}

// countLocked counts data packets that passed.
func (c *Controller) countLocked(n int) {
	if c.cut < 0 {
		return
	}
	if c.cut -= n; c.cut > 0 {
		return
	}
	c.cut = -1
	for _, l := range c.links {
		l.breakLocked()
	}
}

// lostLocked rolls the dice for one packet.
func (c *Controller) lostLocked() bool {
	if c.loss <= 0 {
		return false
	}
	c.rolls++
	return int(mix(mix(c.air.cfg.Seed, uint64(c.number)), c.rolls)%1000) < c.loss
}

// resetLocked is HCI Reset.
func (c *Controller) resetLocked() {
	c.adv.stop()
	c.adv = advertiser{}
	c.scan = bleScan{}
	c.initing = nil
	c.listenLocked()
	c.random = [6]byte{}
	for len(c.links) > 0 {
		l := c.links[0]
		c.links = c.links[1:]
		l.ends[l.side(c)] = nil
		l.breakLocked()
	}
}

// hostQueue hands packets to a host, in order, one call at a time, from a timer.
type hostQueue struct {
	clock hal.Clock

	mu    sync.Mutex
	fn    func([]byte)
	queue [][]byte
	armed bool
}

func (q *hostQueue) set(fn func([]byte)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fn = fn
}

func (q *hostQueue) put(packet []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, packet)
	if !q.armed {
		q.armed = true
		q.clock.AfterFunc(0, q.drain)
	}
}

func (q *hostQueue) drain() {
	for {
		q.mu.Lock()
		if len(q.queue) == 0 {
			q.queue, q.armed = nil, false
			q.mu.Unlock()
			return
		}
		packet, fn := q.queue[0], q.fn
		q.queue = q.queue[1:]
		q.mu.Unlock()
		if fn != nil {
			fn(packet)
		}
	}
}

// units returns the time that a link's parameter b means, in units of unit.
func units(b []byte, unit time.Duration) time.Duration {
	return time.Duration(le.Uint16(b)) * unit
}
