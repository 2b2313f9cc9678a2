// SPDX-License-Identifier: Apache-2.0

package cyw43

import (
	"errors"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// Board is a board with the chip: a cyw43439.Device on a Bus, and an IP stack. Methods
// block. It hands events of the chip to the Bus by itself, since it reads its packets
// all the time, from Enable on.
type Board interface {
	// Enable powers the chip up and loads its firmware. tinygo.ErrEnabled: that was
	// done before.
	Enable() error

	// Join tries once to join a network, for 12 s at most. The result of an error
	// is unknown.
	Join(ssid hal.SSID, passphrase hal.Secret) error

	// Joined reports whether there is a link, as far as the driver has read events.
	Joined() bool

	// Carry makes the driver send a control packet to the Wi-Fi firmware, of 28
	// bytes or more, and waits for its answer.
	Carry() error

	// Address gets an address for the link by DHCP, in 15 s or less.
	Address() (hal.IPConfig, error)

	// Leave ends the IP stack of the link, if there is one. A running Address may
	// take its time.
	Leave()
}

// Commands to the Wi-Fi firmware.
const (
	commandGetBSSID   = 23
	commandGetChannel = 29
	commandDisassoc   = 52
	commandGetRSSI    = 127
	commandSetVar     = 263
)

const (
	scanTime  = 10 * time.Second // limit
	leaveTime = time.Second      // limit
	leavePoll = 10 * time.Millisecond
)

var (
	errScan     = errors.New("cyw43: the scan failed")
	errScanTime = errors.New("cyw43: the scan does not end")
	errLeave    = errors.New("cyw43: the link does not end")
)

// Driver implements tinygo.Driver. Make it with New.
type Driver struct {
	board Board
	bus   *Bus

	// busy has a value while the board sends control packets. It is no mutex, since
	// a join holds it for seconds.
	busy chan struct{}
}

var _ tinygo.Driver = (*Driver)(nil)

// New returns the radio of a board that reaches its chip through bus.
func New(b Board, bus *Bus) *Driver { return &Driver{board: b, bus: bus, busy: make(chan struct{}, 1)} }

// Enable implements tinygo.Driver.
func (d *Driver) Enable() error { return d.board.Enable() }

// StartStation implements tinygo.Driver; the chip is nothing else.
func (*Driver) StartStation() error { return nil }

// StartAP implements tinygo.Driver; see the package comment.
func (*Driver) StartAP(tinygo.AP) error { return hal.ErrNotSupported }

// Stop implements tinygo.Driver. The chip stays on, for Bluetooth.
func (*Driver) Stop() error { return hal.ErrNotSupported }

func (d *Driver) lock()   { d.busy <- struct{}{} }
func (d *Driver) unlock() { <-d.busy }

// do carries out a command, between lock and unlock.
func (d *Driver) do(o *order) error { return d.bus.do(o, d.board.Carry) }

// Scan implements tinygo.Driver.
func (d *Driver) Scan() ([]hal.AccessPoint, error) {
	o, done := d.bus.beginScan()
	d.lock()
	err := d.do(o)
	d.unlock()
	if err == nil {
		limit := time.NewTimer(scanTime)
		defer limit.Stop()
		select {
		case ok := <-done:
			if !ok {
				err = errScan
			}
		case <-limit.C:
			err = errScanTime
		}
	}
	found := d.bus.endScan()
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Connect implements tinygo.Driver.
func (d *Driver) Connect(ssid hal.SSID, passphrase hal.Secret) error {
	d.lock()
	defer d.unlock()
	d.board.Leave()
	d.bus.beginJoin()
	err := d.board.Join(ssid, passphrase)
	reason := d.bus.endJoin()
	if err == nil {
		return nil
	}
	left := d.leave() // the firmware would try on
	if reason != 0 && (left == nil || errors.Is(left, errRefused)) {
		return tinygo.JoinError(reason)
	}
	return err
}

// Disconnect implements tinygo.Driver.
func (d *Driver) Disconnect() error {
	d.bus.stopJoin()
	d.board.Leave()
	d.lock()
	defer d.unlock()
	return d.leave()
}

// leave leaves the network, which the firmware may refuse without one, and waits until the driver has seen that. An event that
// came later would end the next attempt.
func (d *Driver) leave() error {
	err := d.do(&order{command: commandDisassoc, set: true})
	for until := time.Now().Add(leaveTime); err == nil && d.board.Joined(); {
		if time.Now().After(until) {
			return errLeave
		}
		time.Sleep(leavePoll)
	}
	return err
}

// Address implements tinygo.Driver.
func (d *Driver) Address() (hal.IPConfig, error) {
	if !d.board.Joined() {
		return hal.IPConfig{}, hal.ErrNotConnected
	}
	return d.board.Address()
}

// Link implements tinygo.Driver. The authentication is not known.
func (d *Driver) Link() (hal.AccessPoint, error) {
	if !d.board.Joined() {
		return hal.AccessPoint{}, hal.ErrNotConnected
	}
	d.lock()
	defer d.unlock()
	var bssid [6]byte
	var rssi [4]byte
	var channel [12]byte
	for _, get := range []order{
		{command: commandGetBSSID, data: bssid[:]}, {command: commandGetRSSI, data: rssi[:]}, {command: commandGetChannel, data: channel[:]},
	} {
		if err := d.do(&get); err != nil {
			return hal.AccessPoint{}, err
		}
	}
	return hal.AccessPoint{
		BSSID: bssid, Channel: channel[0], RSSI: dBm(u32(rssi[:])), Auth: tinygo.AuthUnknown,
	}, nil
}

// dBm is a signal as the firmware tells it.
func dBm(v uint32) int8 { return int8(max(-128, min(int32(v), 0))) }
