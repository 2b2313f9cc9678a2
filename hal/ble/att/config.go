// SPDX-License-Identifier: Apache-2.0

package att

import (
	"errors"
	"strconv"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Bounds and defaults of a Config.
const (
	MinMTU         = 23
	MaxMTU         = ble.MaxValue + 5 // a prepared write of everything
	DefaultMTU     = 256              // NimBLE's preference (docs/spec/transports.md 2.4)
	DefaultTimeout = 2 * time.Second
	MaxConns       = 8
	// MaxCharacteristics is how many a service may have.
	MaxCharacteristics = 32
)

// Config holds the settings of a Host. The zero value is usable.
type Config struct {
	// Clock times out what the controller does not answer; nil:
	// hal.SystemClock.
	Clock hal.Clock
	// Timeout is how long the start waits for the answer to one command, and
	// how long until failed advertising is tried again; 0: DefaultTimeout.
	Timeout time.Duration
	// MTU is offered to clients, MinMTU to MaxMTU; 0: DefaultMTU. A connection
	// takes about twice as much memory.
	MTU int
	// MaxConns is how many clients may be connected at a time, 1 to MaxConns;
	// 0: 1, as with the C original.
	MaxConns int
	// ConnParams are requested when a client connects. The zero value, as in
	// NimBLE: none are. Bluedroid requests 20 to 40 ms and 4 s, which is
	// {16, 32, 0, 400}.
	ConnParams ConnParams
	// PollController is for runtimes without a scheduler: StartGATT calls it
	// again and again while it waits for the controller. It waits a little for
	// a packet or a timer, and handles at most one packet. nil: StartGATT
	// blocks.
	PollController func()
	// Pairing lets clients pair, so that links can be encrypted; it is an
	// smp.Manager. nil: requests for pairing are refused, and StartGATT fails
	// with hal.ErrNotSupported for ble.Config.Encrypt.
	Pairing Pairing
	// Logger is told of trouble; nil is silent.
	Logger hal.Logger
}

// ConnParams are parameters of a connection.
type ConnParams struct {
	MinInterval, MaxInterval uint16 // in 1.25 ms, 6 to 3200
	Latency                  uint16 // connection events to skip
	Timeout                  uint16 // supervision timeout in 10 ms
}

var (
	errTransport = errors.New("att: the transport is nil")
	errMTU       = errors.New("att: Config.MTU is not 23 to 517")
	errConns     = errors.New("att: Config.MaxConns is not 1 to 8")
	errTimeout   = errors.New("att: the controller did not answer; is it switched on?")
	errHardware  = errors.New("att: the controller reports a hardware error")
	errQueue     = errors.New("att: too many commands wait for the controller")
)

// stackError is an operation that failed.
type stackError struct {
	why string
	err error
}

func (e *stackError) Error() string {
	if e.err == nil {
		return "att: " + e.why
	}
	return "att: " + e.why + ": " + e.err.Error()
}

func (e *stackError) Unwrap() error { return e.err }

// checkConfig refuses services that cannot be offered.
func checkConfig(cfg *ble.Config, handler ble.Handler, pairs bool) error {
	n := len(cfg.DeviceName)
	m := len(cfg.ManufacturerData)
	switch {
	case handler == nil:
		return &stackError{"the handler is nil", nil}
	case n == 0 || n > ble.MaxDeviceName:
		return &stackError{"the device name has " + strconv.Itoa(n) + " bytes, want 1 to 29", nil}
	case m == 1 || m > 0 && n+2+m+2 > maxAdv:
		return &stackError{strconv.Itoa(m) + " bytes of manufacturer data do not fit beside a name of " + strconv.Itoa(n), nil}
	case len(cfg.Characteristics) > MaxCharacteristics:
		return &stackError{strconv.Itoa(len(cfg.Characteristics)) + " characteristics are more than " + strconv.Itoa(MaxCharacteristics), nil}
	case cfg.Encrypt && !pairs:
		return &stackError{"an encrypted link needs pairing; set Config.Pairing", hal.ErrNotSupported}
	case cfg.RandomAddress != [6]byte{} && cfg.RandomAddress[0]>>6 != 3:
		return &stackError{"the first two bits of a static random address must be set", nil}
	}
	for _, c := range cfg.Characteristics {
		if len(c.Name) > ble.MaxValue {
			return &stackError{"a characteristic's name is longer than 512 bytes", nil}
		}
	}
	return nil
}
