// Package fakegatt is a BLE peripheral for tests of what is above hal.GATT: a
// test is its client and calls it directly, without a stack.
package fakegatt

import (
	"errors"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
)

// ErrDown is the outcome of what a client asks a peripheral that is down.
var ErrDown = errors.New("fakegatt: nobody advertises")

// Peripheral implements hal.GATT.
type Peripheral struct {
	mu       sync.Mutex
	startErr error
	stopErr  error
	cfg      hal.GATTConfig
	handler  hal.GATTHandler // nil: stopped
	stops    []hal.GATTStop
	count    uint16
	pending  map[hal.GATTConn]chan hal.ATTError
	calls    sync.Mutex // held over calls of the handler
}

var _ hal.GATT = (*Peripheral)(nil)

// Fail makes StartGATT and StopGATT fail, unless nil.
func (p *Peripheral) Fail(start, stop error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startErr, p.stopErr = start, stop
}

// StartGATT implements hal.GATT.
func (p *Peripheral) StartGATT(cfg hal.GATTConfig, h hal.GATTHandler) error {
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
		p.pending = map[hal.GATTConn]chan hal.ATTError{}
	}
	return nil
}

// StopGATT implements hal.GATT.
func (p *Peripheral) StopGATT(how hal.GATTStop) error {
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

// Respond implements hal.GATT.
func (p *Peripheral) Respond(c hal.GATTConn, code hal.ATTError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done := p.pending[c]; done != nil {
		delete(p.pending, c)
		done <- code
	}
}

// Disconnect implements hal.GATT.
func (p *Peripheral) Disconnect(c hal.GATTConn, _ hal.HCIReason) error {
	p.HangUp(c, hal.ReasonLocalHost)
	return nil
}

// Config returns what the last start was called with, and whether the
// peripheral is up.
func (p *Peripheral) Config() (hal.GATTConfig, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg, p.handler != nil
}

// Stops returns what StopGATT was called with.
func (p *Peripheral) Stops() []hal.GATTStop {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]hal.GATTStop(nil), p.stops...)
}

// Handler returns the handler; nil: the peripheral is down.
func (p *Peripheral) Handler() hal.GATTHandler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handler
}

// Connect connects a client.
func (p *Peripheral) Connect() (hal.GATTConn, error) {
	h := p.Handler()
	if h == nil {
		return 0, ErrDown
	}
	p.mu.Lock()
	p.count++
	c := hal.GATTConn(p.count)<<16 | 1
	p.mu.Unlock()
	p.calls.Lock()
	defer p.calls.Unlock()
	h.Connected(c)
	return c, nil
}

// HangUp ends a client's connection.
func (p *Peripheral) HangUp(c hal.GATTConn, reason hal.HCIReason) {
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
func (p *Peripheral) Write(c hal.GATTConn, char int, value []byte) error {
	h := p.Handler()
	if h == nil {
		return ErrDown
	}
	done := make(chan hal.ATTError, 1)
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
	case code != hal.ATTSuccess:
		return code
	}
	return nil
}

// Read reads a whole value in parts of 20 bytes.
func (p *Peripheral) Read(c hal.GATTConn, char int) ([]byte, error) {
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
		if code != hal.ATTSuccess {
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
	defer p.HangUp(c, hal.ReasonRemoteUser)
	cfg, _ := p.Config()
	for i, char := range cfg.Characteristics {
		if char.Name == name {
			if err := p.Write(c, i, req); err != nil {
				return nil, err
			}
			return p.Read(c, i)
		}
	}
	return nil, hal.ATTAttributeNotFound
}
