// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/internal/le"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/internal/smpcrypto"
)

const (
	// commandTimeout is how long the controller may take for commands that
	// clean up, such as those that stop a scan or end a link. After that it is
	// reset.
	commandTimeout = 2 * time.Second
	// maxDevices is how many devices a scan reports. It ignores further ones.
	maxDevices = 1024
)

// Config holds the settings of a Central. The zero value is usable.
type Config struct {
	// MTU to ask for, 23 to 517; 0: 517. With 23 the central does not ask.
	MTU int
	// Interval of connections, 7.5 ms to 4 s; 0: 30 ms.
	Interval time.Duration
	// SupervisionTimeout after which a silent link is lost, 100 ms to 32 s;
	// 0: 4 s.
	SupervisionTimeout time.Duration
	// Pairing lets the central encrypt links. nil: it does not, and a request
	// that needs encryption fails.
	Pairing *Pairing
}

// Central implements client.Central.
type Central struct {
	t   att.Transport
	cfg Config

	mu      sync.Mutex // guards the fields below
	up      bool
	aclLen  int
	aclFree int
	room    chan struct{} // replaced when buffers come back
	reply   chan []byte   // to the running command: opcode and parameters
	reports chan report   // of a scan; nil: none
	made    chan []byte   // parameters of the connection that Connect waits for
	link    *Link
	bonds   map[[7]byte]*bond // by the device's address; pointers, which %v does not follow
	public  smpcrypto.Address
	own     smpcrypto.Address // of the connection
}

var _ client.Central = (*Central)(nil)

// Errors of a central.
var (
	// ErrLinkLost: the link is lost. If the device ended the link, the error of
	// the running request matches client.ErrHungUp, too.
	ErrLinkLost = errors.New("blecentral: the link is lost")
	errBusy     = errors.New("blecentral: there is a link already; close it first")
)

// New returns a central that is the host of the controller behind t. It fails if
// cfg is wrong.
func New(t att.Transport, cfg Config) (*Central, error) {
	cfg.MTU = cmp.Or(cfg.MTU, att.MaxMTU)
	cfg.Interval = cmp.Or(cfg.Interval, 30*time.Millisecond)
	cfg.SupervisionTimeout = cmp.Or(cfg.SupervisionTimeout, 4*time.Second)
	switch {
	case cfg.MTU < att.MinMTU || cfg.MTU > att.MaxMTU:
		return nil, fmt.Errorf("blecentral: MTU %d is not 23 to 517", cfg.MTU)
	case cfg.Interval < 7500*time.Microsecond || cfg.Interval > 4*time.Second:
		return nil, fmt.Errorf("blecentral: an interval of %v is not 7.5 ms to 4 s", cfg.Interval)
	case cfg.SupervisionTimeout < 100*time.Millisecond || cfg.SupervisionTimeout > 32*time.Second:
		return nil, fmt.Errorf("blecentral: a supervision time-out of %v is not 100 ms to 32 s", cfg.SupervisionTimeout)
	}
	c := &Central{t: t, cfg: cfg, reply: make(chan []byte, 4), room: make(chan struct{}), bonds: map[[7]byte]*bond{}}
	t.SetReceiver(c.receive)
	return c, nil
}

// Format prints the type's name for every verb, because a Central contains the keys
// of devices.
func (c *Central) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "*blecentral.Central") }

// run sends a command and returns the controller's answer, which begins with the
// status.
func (c *Central) run(ctx context.Context, op int, params ...byte) ([]byte, error) {
	for len(c.reply) > 0 {
		<-c.reply // of a command that was given up
	}
	packet := append([]byte{att.PacketCommand, byte(op), byte(op >> 8), byte(len(params))}, params...)
	if err := c.t.Send(packet); err != nil {
		return nil, err
	}
	for {
		select {
		case p := <-c.reply:
			if le.Uint16(p) != op {
				continue
			}
			if p[2] != 0 {
				return nil, refusal{op, p[2]}
			}
			return p[2:], nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// finish is run for a command that has to be sent even if the caller's context has
// ended. A controller that does not carry it out is reset before its next use.
func (c *Central) finish(op int, params ...byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	_, err := c.run(ctx, op, params...)
	if err != nil && !errors.As(err, new(refusal)) {
		c.giveUp(nil)
	}
	return err
}

// giveUp has the controller reset before its next use, and ends l if that is the
// present link.
func (c *Central) giveUp(l *Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up, c.made = false, nil
	if l != nil && c.link == l {
		c.endLink(ble.ReasonLocalHost)
	}
}

// endLink forgets the link, which has ended. The caller holds mu.
func (c *Central) endLink(reason ble.HCIReason) {
	c.link.reason = reason
	c.aclFree += c.link.inFlight
	close(c.link.gone)
	c.link = nil
	c.wake()
}

// refusal is the status of a command that the controller refused.
type refusal struct {
	op     int
	status byte
}

func (r refusal) Error() string {
	return fmt.Sprintf("blecentral: the controller refused command %04x with status %d", r.op, r.status)
}

// setUp resets the controller and reads the number and size of its buffers, unless
// that is done.
func (c *Central) setUp(ctx context.Context) error {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	if up {
		return nil
	}
	for _, cmd := range [][]byte{
		{0x03, 0x0C},
		{0x01, 0x0C, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x9F, 0x00, 0x20},
		{0x01, 0x20, 0x1F, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, err := c.run(ctx, le.Uint16(cmd), cmd[2:]...); err != nil {
			return err
		}
	}
	size, err := c.run(ctx, 0x2002)
	if err != nil {
		return err
	}
	length, n := 0, 0
	if len(size) >= 4 {
		length, n = le.Uint16(size[1:]), int(size[3])
	}
	if length == 0 || n == 0 { // shared with classic Bluetooth
		if size, err = c.run(ctx, 0x1005); err != nil {
			return err
		}
		if len(size) >= 6 {
			length, n = le.Uint16(size[1:]), le.Uint16(size[4:])
		}
	}
	if length < 27 || n == 0 {
		return errors.New("blecentral: the controller has no buffers for data")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up, c.aclLen, c.aclFree = true, length, n
	return nil
}

// report is one advertising report.
type report struct {
	addr [7]byte // type and address, least significant byte first
	data []byte
	rssi int8
}

// Scan implements client.Central. It scans actively and reports all devices.
func (c *Central) Scan(ctx context.Context, found func(client.Advertisement) bool) error {
	if err := c.setUp(ctx); err != nil {
		return err
	}
	reports := make(chan report, 64)
	c.mu.Lock()
	c.reports = reports
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.reports = nil
		c.mu.Unlock()
	}()
	if _, err := c.run(ctx, 0x200B, 1, 0x60, 0, 0x60, 0, 0, 0); err != nil {
		return err
	}
	defer func() { _ = c.finish(0x200C, 0, 0) }()
	if _, err := c.run(ctx, 0x200C, 1, 0); err != nil {
		return err
	}
	devices := map[[7]byte]*client.Advertisement{}
	for {
		select {
		case r := <-reports:
			a := devices[r.addr]
			if a == nil && len(devices) == maxDevices {
				continue
			}
			if a == nil {
				a = &client.Advertisement{Address: hex.EncodeToString(r.addr[:])}
				devices[r.addr] = a
			}
			a.RSSI = int(r.rssi)
			parse(a, r.data)
			if !found(*a) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// parse adds the advertising structures in p to a.
func parse(a *client.Advertisement, p []byte) {
	for len(p) >= 2 && p[0] != 0 && int(p[0]) < len(p) {
		typ, data := p[1], p[2:1+int(p[0])]
		switch typ {
		case 0x06, 0x07:
			a.Services = nil
			for ; len(data) >= ble.UUIDSize; data = data[ble.UUIDSize:] {
				a.Services = append(a.Services, ble.UUID(data[:ble.UUIDSize]))
			}
		case 0x08, 0x09:
			a.Name = string(data)
		case 0xFF:
			a.ManufacturerData = append([]byte(nil), data...)
		}
		p = p[1+int(p[0]):]
	}
}

// Connect implements client.Central.
func (c *Central) Connect(ctx context.Context, device client.Advertisement) (client.BLELink, error) {
	raw, err := hex.DecodeString(device.Address)
	if err != nil || len(raw) != 7 {
		return nil, fmt.Errorf("blecentral: %q is no address of this central", device.Address)
	}
	if err := c.setUp(ctx); err != nil {
		return nil, err
	}
	made := make(chan []byte, 1)
	c.mu.Lock()
	busy := c.link != nil
	c.made = made
	c.mu.Unlock()
	if busy {
		return nil, errBusy
	}
	own, err := c.ownAddress(ctx)
	if err != nil {
		return nil, err
	}
	interval := int(c.cfg.Interval / (1250 * time.Microsecond))
	timeout := int(c.cfg.SupervisionTimeout / (10 * time.Millisecond))
	p := []byte{0x60, 0, 0x60, 0, 0, raw[0]}
	p = append(p, raw[1:]...)
	p = append(p, own, byte(interval), byte(interval>>8), byte(interval), byte(interval>>8), 0, 0, byte(timeout), byte(timeout>>8), 0, 0, 0, 0)
	if _, err := c.run(ctx, 0x200D, p...); err != nil && ctx.Err() == nil {
		return nil, err
	}
	var params []byte
	select {
	case params = <-made:
	case <-ctx.Done():
		// After the cancellation the controller reports that the connection
		// failed, or that it was made just before.
		_ = c.finish(0x200E)
		select {
		case params = <-made:
		case <-time.After(commandTimeout):
			c.giveUp(nil)
			return nil, ctx.Err()
		}
		if params[0] != 0 {
			return nil, ctx.Err()
		}
	}
	if params[0] != 0 {
		return nil, fmt.Errorf("blecentral: no connection, status %d", params[0])
	}
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l == nil {
		return nil, ErrLinkLost
	}
	if err := l.exchangeMTU(ctx); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}
