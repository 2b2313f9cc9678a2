// SPDX-License-Identifier: Apache-2.0

// Package fakegatt is a BLE peripheral for tests of the users of ble.Peripheral. The
// test is its client, and calls it directly, without a stack.
package fakegatt

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// ErrDown is what a client gets when the peripheral is down.
var ErrDown = errors.New("fakegatt: nobody advertises")

// Peripheral implements ble.Peripheral.
type Peripheral struct {
	mu       sync.Mutex
	startErr error
	stopErr  error
	cfg      ble.Config
	handler  ble.Handler // nil: stopped
	stops    []ble.StopOptions
	count    uint16
	pending  map[ble.Conn]chan ble.ATTError
	calls    sync.Mutex // held over calls of the handler
}

var _ ble.Peripheral = (*Peripheral)(nil)

// Fail makes StartGATT and StopGATT return these errors; nil: they succeed.
func (p *Peripheral) Fail(start, stop error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startErr, p.stopErr = start, stop
}

// StartGATT implements ble.Peripheral.
func (p *Peripheral) StartGATT(cfg ble.Config, h ble.Handler) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.startErr != nil {
		return p.startErr
	}
	if p.handler != nil {
		return hal.ErrBusy
	}
	p.cfg, p.handler = cfg, h
	if p.pending == nil {
		p.pending = map[ble.Conn]chan ble.ATTError{}
	}
	return nil
}

// StopGATT implements ble.Peripheral.
func (p *Peripheral) StopGATT(how ble.StopOptions) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops = append(p.stops, how)
	if p.stopErr != nil {
		return p.stopErr
	}
	p.handler = nil
	for conn, done := range p.pending {
		delete(p.pending, conn)
		close(done)
	}
	return nil
}

// Respond implements ble.Peripheral.
func (p *Peripheral) Respond(c ble.Conn, code ble.ATTError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done := p.pending[c]; done != nil {
		delete(p.pending, c)
		done <- code
	}
}

// Disconnect implements ble.Peripheral.
func (p *Peripheral) Disconnect(c ble.Conn, _ ble.HCIReason) error {
	p.HangUp(c, ble.ReasonLocalHost)
	return nil
}

// Config returns the configuration of the last start, and whether the peripheral
// is up.
func (p *Peripheral) Config() (ble.Config, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg, p.handler != nil
}

// Stops returns the options of all calls of StopGATT.
func (p *Peripheral) Stops() []ble.StopOptions {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ble.StopOptions(nil), p.stops...)
}

// Handler returns the handler; nil: the peripheral is down.
func (p *Peripheral) Handler() ble.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handler
}

// Connect connects a client.
func (p *Peripheral) Connect() (ble.Conn, error) {
	h := p.Handler()
	if h == nil {
		return 0, ErrDown
	}
	p.mu.Lock()
	p.count++
	c := ble.Conn(p.count)<<16 | 1
	p.mu.Unlock()
	p.calls.Lock()
	defer p.calls.Unlock()
	h.Connected(c)
	return c, nil
}

// HangUp ends a client's connection.
func (p *Peripheral) HangUp(c ble.Conn, reason ble.HCIReason) {
	h := p.Handler()
	p.mu.Lock()
	if done := p.pending[c]; done != nil {
		delete(p.pending, c)
		close(done)
	}
	p.mu.Unlock()
	if h != nil {
		p.calls.Lock()
		defer p.calls.Unlock()
		h.Disconnected(c, reason)
	}
}

// Write writes a value and returns what the client gets.
func (p *Peripheral) Write(c ble.Conn, char int, value []byte) error {
	h := p.Handler()
	if h == nil {
		return ErrDown
	}
	done := make(chan ble.ATTError, 1)
	p.mu.Lock()
	p.pending[c] = done
	p.mu.Unlock()
	value = append([]byte(nil), value...)
	p.calls.Lock()
	h.Write(c, char, value)
	p.calls.Unlock()
	clear(value)
	switch code, answered := <-done; {
	case !answered:
		return ErrDown
	case code != ble.ATTSuccess:
		return code
	}
	return nil
}

// Read reads a whole value in parts of 20 bytes.
func (p *Peripheral) Read(c ble.Conn, char int) ([]byte, error) {
	h := p.Handler()
	if h == nil {
		return nil, ErrDown
	}
	p.calls.Lock()
	defer p.calls.Unlock()
	var value []byte
	for {
		var part [20]byte
		n, code := h.Read(c, char, len(value), part[:])
		if code != ble.ATTSuccess {
			return nil, code
		}
		value = append(value, part[:n]...)
		if n < len(part) {
			return value, nil
		}
	}
}

// Ask connects a client, sends one request to the characteristic of that name,
// and reads the answer.
func (p *Peripheral) Ask(name string, req []byte) ([]byte, error) {
	c, err := p.Connect()
	if err != nil {
		return nil, err
	}
	defer p.HangUp(c, ble.ReasonRemoteUser)
	cfg, _ := p.Config()
	for i, char := range cfg.Characteristics {
		if char.Name == name {
			if err := p.Write(c, i, req); err != nil {
				return nil, err
			}
			return p.Read(c, i)
		}
	}
	return nil, ble.ATTAttributeNotFound
}
