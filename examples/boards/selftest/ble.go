// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	halble "github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// patience is a clock for a stack that waits for its controller without a limit.
// On the clock that is stepped the stack would give up too early.
type patience struct{}

// AfterFunc implements hal.Clock.
func (p patience) AfterFunc(time.Duration, func()) hal.Timer { return p }

// Stop implements hal.Timer.
func (patience) Stop() bool { return true }

// watched is a stack that counts the requests that its user is working on, in a
// goroutine of its own. While there are any, no time must pass.
type watched struct {
	halble.Peripheral
	working atomic.Int32
}

// StartGATT implements halble.Peripheral.
func (w *watched) StartGATT(cfg halble.Config, h halble.Handler) error {
	return w.Peripheral.StartGATT(cfg, &watcher{h, w})
}

// Respond implements halble.Peripheral.
func (w *watched) Respond(c halble.Conn, code halble.ATTError) {
	w.Peripheral.Respond(c, code)
	w.working.Add(-1)
}

type watcher struct {
	halble.Handler
	w *watched
}

// Write implements halble.Handler.
func (v *watcher) Write(c halble.Conn, char int, value []byte) {
	v.w.working.Add(1)
	v.Handler.Write(c, char, value)
}

// bluetooth returns a device's stack and a phone that is not connected yet.
func bluetooth(air *sim.Air, clock *clock) (*watched, *central, error) {
	near, err := air.NewController(sim.ControllerConfig{})
	if err != nil {
		return nil, nil, err
	}
	far, err := air.NewController(sim.ControllerConfig{ACLBuffers: 30})
	if err != nil {
		return nil, nil, err
	}
	host, err := att.New(near, att.Config{Clock: patience{}})
	if err != nil {
		return nil, nil, err
	}
	w := &watched{Peripheral: host}
	return w, newCentral(far, func(done func() bool) error {
		for range maxSteps {
			for w.working.Load() > 0 {
				runtime.Gosched()
			}
			if done() {
				return nil
			}
			clock.step()
		}
		return errNoEnd
	}), nil
}

// meanwhile runs fn, which waits for the stack's controller, and lets time pass
// until it is done.
func meanwhile(clock *clock, fn func() error) (err error) {
	done := make(chan struct{})
	go func() {
		err = fn()
		close(done)
	}()
	late := clock.until(func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	if late != nil {
		return late
	}
	return err
}

func testBLE(mode int) error {
	d, err := newDevice()
	if err != nil {
		return err
	}
	sec, cipher, err := d.security(mode)
	if err != nil {
		return err
	}
	stack, far, err := bluetooth(d.air, d.clock)
	if err != nil {
		return err
	}
	err = meanwhile(d.clock, func() error { return d.start(ble.New(ble.Config{GATT: stack}), sec) })
	if err != nil {
		return errors.New("start: " + err.Error())
	}
	if err := far.connect(); err != nil {
		return errors.New("connecting: " + err.Error())
	}
	if err := far.discover(ble.DefaultService()); err != nil {
		return errors.New("discovery: " + err.Error())
	}
	p := &phone{wire: far, cipher: cipher, clock: d.clock}
	if err := p.provision(capability(mode)); err != nil {
		return err
	}
	return d.finish()
}

// memory is a handler with one value, which refuses to become "refuse".
type memory struct {
	stack halble.Peripheral
	value []byte
	came  int
	went  int
}

func (m *memory) Connected(halble.Conn)                      { m.came++ }
func (m *memory) Disconnected(halble.Conn, halble.HCIReason) { m.went++ }
func (m *memory) MTU(halble.Conn, int)                       {}

func (m *memory) Read(_ halble.Conn, _, offset int, dst []byte) (int, halble.ATTError) {
	if offset > len(m.value) {
		return 0, halble.ATTInvalidOffset
	}
	return copy(dst, m.value[offset:]), halble.ATTSuccess
}

func (m *memory) Write(c halble.Conn, _ int, value []byte) {
	if string(value) == "refuse" {
		m.stack.Respond(c, halble.ATTInvalidPDU)
		return
	}
	m.value = bytes.Clone(value)
	m.stack.Respond(c, halble.ATTSuccess)
}

// testAttributes reads and writes a value in all ways, the wrong ones too.
func testAttributes() error {
	time := &clock{}
	stack, far, err := bluetooth(sim.NewAir(sim.AirConfig{Clock: time}), time)
	if err != nil {
		return err
	}
	m := &memory{stack: stack}
	service := ble.DefaultService()
	err = meanwhile(time, func() error {
		return stack.StartGATT(halble.Config{
			DeviceName: deviceName, Service: service,
			Characteristics: []halble.Characteristic{{UUID: service.With16(0xFF4F), Name: "a name longer than one answer"}},
		}, m)
	})
	if err != nil {
		return err
	}
	if err := far.connect(); err != nil {
		return err
	}
	if err := far.discover(service); err != nil {
		return err
	}
	if len(far.values) != 1 || far.values[0].name != "a name longer than one answer" {
		return errors.New("discovery does not find the characteristic")
	}
	h := far.values[0].value
	long := bytes.Repeat([]byte("0123456789abcde\n"), halble.MaxValue/16)
	for _, n := range []int{1, partSize, partSize + 1, 300, len(long)} {
		if err := far.write(h, long[:n]); err != nil {
			return err
		}
		if err := equal("what was written", m.value, long[:n]); err != nil {
			return err
		}
		got, err := far.read(h)
		if err != nil {
			return err
		}
		if err := equal("what was read", got, long[:n]); err != nil {
			return err
		}
	}
	for _, wrong := range []struct {
		pdu  []byte
		want halble.ATTError
	}{
		{[]byte{0x0C, byte(h), 0, 0x01, 0x02}, halble.ATTInvalidOffset},
		{[]byte{0x0A, 0x00, 0x00}, halble.ATTInvalidHandle},
		{[]byte{0x12, byte(h - 1), 0, 1}, halble.ATTWriteNotPermitted},
		{append([]byte{0x12, byte(h), 0}, "refuse"...), halble.ATTInvalidPDU},
		{[]byte{0x20}, halble.ATTRequestNotSupported},
	} {
		_, err := far.request(wrong.pdu...)
		if err == nil || err != error(wrong.want) {
			return errors.Join(errors.New("the request "+hexOf(wrong.pdu)+" does not fail with: "+wrong.want.Error()), err)
		}
	}
	if err := far.hangUp(); err != nil {
		return err
	}
	if err := time.until(func() bool { return m.went == 1 }); err != nil || m.came != 1 {
		return errors.New("the stack does not report who connects and disconnects")
	}
	return stack.StopGATT(halble.StopOptions{})
}
