// SPDX-License-Identifier: Apache-2.0

// Package cyw43test has a CYW43439 on a simulated air, and a board with it. The chip
// talks as the Wi-Fi firmware does: packets over a bus, with commands, answers and
// events. The board joins as cyw43439 does: it blocks for 10 s at most, holds the chip
// meanwhile, and says only whether it went well.
package cyw43test

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/store"
)

// Commands of the firmware.
const (
	GetBSSID   = 23
	SetSSID    = 26
	GetChannel = 29
	Disassoc   = 52
	GetRSSI    = 127
	GetVar     = 262
	SetVar     = 263
	SetPMK     = 268
)

// Events of the firmware, and statuses.
const (
	evSetSSID = 0
	evJoin    = 1
	evAuth    = 3
	evDeauth  = 6
	evAssoc   = 7
	evLink    = 16
	evHands   = 46
	evScan    = 69

	ok         = 0
	failed     = 1
	noNetworks = 3
	keyed      = 6
	partial    = 8
)

const (
	channelControl = 0
	channelEvent   = 1
	channelData    = 2
	notAssociated  = 0xffffffef // -17
	busy           = 0xfffffff0 // -16
)

// Chip is the end of the bus that the driver does not see: a cyw43.Wire. NewChip makes
// it.
type Chip struct {
	// Refuse is called before each command. When it returns a number other than 0,
	// that is the answer, and nothing happens. nil: nothing is refused. Set it before
	// the first command.
	Refuse func(command uint32) uint32
	// OnFrame is called with each Ethernet frame that is sent; nil: frames are lost.
	// Set it before the first.
	OnFrame func(frame []byte)
	// Extra is reported by each scan beside what is on the air.
	Extra []hal.AccessPoint

	board *sim.Board

	mu      sync.Mutex
	queue   [][]byte // packets to be read
	pass    string
	joining bool
	linked  bool
	misuse  string
	lastSeq byte
	any     bool // lastSeq is one
}

var _ cyw43.Wire = (*Chip)(nil)

// NewChip returns a chip that was just powered up.
func NewChip(air *sim.Air) (*Chip, error) {
	board, err := air.NewBoard(sim.BoardConfig{Store: new(store.Memory)})
	if err != nil {
		return nil, err
	}
	c := &Chip{board: board}
	return c, c.boot()
}

func (c *Chip) boot() error {
	c.mu.Lock()
	c.queue, c.pass, c.joining, c.linked, c.any = nil, "", false, false, false
	c.mu.Unlock()
	c.board.Subscribe(c.event)
	if err := c.board.SetStorage(hal.StorageRAM); err != nil {
		return err
	}
	return c.board.Start()
}

// Reset switches the chip off and on.
func (c *Chip) Reset() error {
	if err := c.board.Reboot(); err != nil {
		return err
	}
	return c.boot()
}

// Close takes the chip off the air.
func (c *Chip) Close() { c.board.Close() }

// Misuse says how the driver broke the rules of the bus; empty: it did not.
func (c *Chip) Misuse() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.misuse
}

func (c *Chip) note(misuse string) {
	if c.misuse == "" {
		c.misuse = misuse
	}
}

// LastStatus implements cyw43.Wire.
func (c *Chip) LastStatus() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	const ready = 1 << 5
	if len(c.queue) == 0 {
		return ready
	}
	return ready | 1<<8 | uint32(len(c.queue[0]))<<9
}

// CmdRead implements cyw43.Wire, for packets of the firmware.
func (c *Chip) CmdRead(cmd uint32, buf []uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 || int(cmd&0x7ff) != len(c.queue[0]) || cmd>>31 != 0 {
		c.note("read of a packet that is not there")
		return nil
	}
	for i, b := range c.queue[0] {
		if i%4 == 0 {
			buf[i/4] = 0
		}
		buf[i/4] |= uint32(b) << (8 * (i % 4))
	}
	c.queue = c.queue[1:]
	return nil
}

// CmdWrite implements cyw43.Wire, for packets of the firmware.
func (c *Chip) CmdWrite(cmd uint32, buf []uint32) error {
	p := make([]byte, 4*len(buf))
	for i, w := range buf {
		binary.LittleEndian.PutUint32(p[4*i:], w)
	}
	c.mu.Lock()
	n := int(binary.LittleEndian.Uint16(p))
	switch {
	case int(cmd&0x7ff) != n || n > len(p) || ^uint16(n) != binary.LittleEndian.Uint16(p[2:]) || cmd>>28 != 0xe:
		c.note("a packet's length is wrong")
	case c.any && p[4] != c.lastSeq+1:
		c.note("packets are not in sequence")
	}
	c.lastSeq, c.any = p[4], true
	c.mu.Unlock()
	const data = 18 // two headers and a gap
	if p[5]&0xf == channelData && c.OnFrame != nil && n <= len(p) && n > data {
		c.OnFrame(p[data:n])
	}
	if p[5]&0xf != channelControl || n > len(p) || n < 28 {
		return nil
	}
	head := slices.Clone(p[12:28])
	body := p[28:n]
	if want := binary.LittleEndian.Uint32(head[4:]); int(want) != len(body) {
		c.note("a command's length is wrong")
	}
	result, then := c.command(binary.LittleEndian.Uint32(head), body)
	binary.LittleEndian.PutUint32(head[12:], result)
	c.mu.Lock()
	c.put(channelControl, append(head, body...))
	c.mu.Unlock()
	if then != nil {
		then()
	}
	return nil
}

// put queues a packet, with c.mu held.
func (c *Chip) put(channel byte, payload []byte) {
	n := uint16(12 + len(payload))
	head := make([]byte, 12, n)
	binary.LittleEndian.PutUint16(head, n)
	binary.LittleEndian.PutUint16(head[2:], ^n)
	head[5], head[7], head[9] = channel, 12, c.lastSeq+8
	c.queue = append(c.queue, append(head, payload...))
}

// Frame brings an Ethernet frame from the air.
func (c *Chip) Frame(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(channelData, append([]byte{0x20, 0, 0, 0}, frame...))
}

// tell queues an event, with c.mu held.
func (c *Chip) tell(kind, status, reason uint32, flags uint16, info []byte) {
	e := make([]byte, 4+72, 4+72+len(info))
	frame := e[4:]
	e[0], frame[21] = 0x20, 0x18
	binary.BigEndian.PutUint16(frame[12:], 0x886c)
	binary.BigEndian.PutUint16(frame[14:], 0x8001)
	frame[20] = 0x10
	binary.BigEndian.PutUint16(frame[22:], 1)
	binary.BigEndian.PutUint16(frame[26:], flags)
	binary.BigEndian.PutUint32(frame[28:], kind)
	binary.BigEndian.PutUint32(frame[32:], status)
	binary.BigEndian.PutUint32(frame[36:], reason)
	binary.BigEndian.PutUint32(frame[44:], uint32(len(info)))
	c.put(channelEvent, append(e, info...))
}

// command carries out a command. then is what happens after the answer.
func (c *Chip) command(command uint32, data []byte) (result uint32, then func()) {
	if c.Refuse != nil {
		if result = c.Refuse(command); result != 0 {
			return result, nil
		}
	}
	c.mu.Lock()
	linked, pass := c.linked, c.pass
	c.mu.Unlock()
	switch command {
	case SetPMK:
		n := binary.LittleEndian.Uint16(data)
		c.mu.Lock()
		c.pass = string(data[4:][:n])
		c.mu.Unlock()
	case SetSSID:
		ssid := hal.SSID(data[4:][:binary.LittleEndian.Uint32(data)])
		return 0, func() { c.start(ssid, pass) }
	case Disassoc:
		c.mu.Lock()
		had := c.linked || c.joining
		c.mu.Unlock()
		if !had {
			return notAssociated, nil
		}
		return 0, c.leave
	case GetBSSID, GetRSSI, GetChannel:
		if !linked {
			return notAssociated, nil
		}
		info, err := c.board.JoinInfo()
		if err != nil {
			return notAssociated, nil
		}
		switch command {
		case GetBSSID:
			copy(data, info.AP.BSSID[:])
		case GetRSSI:
			binary.LittleEndian.PutUint32(data, uint32(int32(info.AP.RSSI)))
		default:
			data[0] = info.AP.Channel
		}
	case GetVar:
		mac := strings.HasPrefix(string(data), "cur_etheraddr")
		clear(data)
		if mac {
			copy(data, []byte{2, 0, 0, 0, 0, 2})
		}
	case SetVar:
		if len(data) > 70 && string(data[:6]) == "escan\x00" {
			if c.board.StartScan(hal.ScanConfig{}) != nil {
				return busy, nil
			}
		}
	}
	return 0, nil
}

// leave leaves the network, or ends an attempt.
func (c *Chip) leave() {
	_ = c.board.Disconnect()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linked {
		time.AfterFunc(linkTime, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.tell(evLink, ok, 2, 0, nil)
		})
	}
	c.joining, c.linked = false, false
}

// start begins an attempt to join.
func (c *Chip) start(ssid hal.SSID, pass string) {
	c.mu.Lock()
	c.joining, c.pass = true, ""
	c.mu.Unlock()
	if c.board.SetStationConfig(hal.StationConfig{SSID: ssid, Passphrase: hal.Secret(pass)}) != nil || c.board.Connect() != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.joining = false
		c.tell(evSetSSID, failed, 0, 0, nil)
	}
}

// event tells an event of the air as the firmware does.
func (c *Chip) event(e hal.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case hal.EventConnected:
		c.joining, c.linked = false, true
		for _, kind := range []uint32{evAuth, evAssoc, evJoin} {
			c.tell(kind, ok, 0, 0, nil)
		}
		c.tell(evLink, ok, 0, 1, nil)
		c.tell(evSetSSID, ok, 0, 0, nil)
		c.tell(evHands, keyed, 0, 0, nil)
	case hal.EventDisconnected:
		if e.Reason == hal.ReasonAssocLeave {
			return // by command
		}
		joining, was := c.joining, c.linked
		c.joining, c.linked = false, false
		switch {
		case was:
			c.tell(evDeauth, ok, uint32(e.Reason), 0, nil)
			c.tell(evLink, ok, 1, 0, nil)
		case joining:
			c.fail(e.Reason)
		}
	case hal.EventScanDone:
		c.results(e.ScanFailed)
	}
}

// fail tells why an attempt failed.
func (c *Chip) fail(reason hal.Reason) {
	switch reason {
	case hal.ReasonNoAPFound:
		c.tell(evSetSSID, noNetworks, 0, 0, nil)
	case hal.Reason4WayHandshakeTimeout, hal.ReasonHandshakeTimeout:
		for _, kind := range []uint32{evAuth, evAssoc, evJoin} {
			c.tell(kind, ok, 0, 0, nil)
		}
		c.tell(evSetSSID, ok, 0, 0, nil)
		c.tell(evHands, 8, uint32(reason), 0, nil)
	case hal.ReasonAssocTooMany:
		c.tell(evAuth, ok, 0, 0, nil)
		c.tell(evAssoc, failed, 17, 0, nil)
		c.tell(evSetSSID, failed, 0, 0, nil)
	case hal.ReasonAuthFail:
		c.tell(evAuth, failed, 13, 0, nil)
		c.tell(evSetSSID, failed, 0, 0, nil)
	default:
		c.tell(evSetSSID, failed, 0, 0, nil)
	}
}

// results tells what a scan has found.
func (c *Chip) results(scanFailed bool) {
	if scanFailed {
		c.tell(evScan, failed, 0, 0, nil)
		return
	}
	list := make([]hal.AccessPoint, sim.MaxResults)
	n, _ := c.board.ScanResults(list)
	for _, ap := range append(list[:n], c.Extra...) {
		c.tell(evScan, partial, 0, 0, Result(ap))
	}
	c.tell(evScan, ok, 0, 0, nil)
}

const (
	settle   = time.Millisecond      // until the bus tells what has happened
	linkTime = 20 * time.Millisecond // from a command until the link is told to be down
)
