// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"io"
	"net"
	"testing"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/scheme/console"
)

// rig returns the device as a Rig that is reached over HTTP.
func (d *Device) rig() *Rig {
	return &Rig{
		Air: d.Air, Home: d.Home, Config: d.Config(), Reboot: d.Board.Reboot,
		Dial: func() client.Transport {
			transport, err := client.NewHTTP(client.HTTPConfig{Dial: d.Network.Dial})
			if err != nil {
				d.tb.Fatal(err)
			}
			return transport
		},
		Close: d.Board.Close,
	}
}

// HTTPRig is a simulated device that is reached over HTTP.
func HTTPRig(t *testing.T) *Rig { return New(t, sim.AirConfig{}).rig() }

// BLERig is a simulated device that is reached over BLE, through a simulated
// controller on either side.
func BLERig(t *testing.T) *Rig {
	d := NewBLE(t, sim.AirConfig{}, att.Config{})
	r := d.rig()
	r.Config = d.Config()
	r.Dial = func() client.Transport { return d.Dial(blecentral.Config{}) }
	return r
}

// ConsoleRig is a simulated device at the end of a serial line, which all
// clients share.
func ConsoleRig(t *testing.T) *Rig {
	r := New(t, sim.AirConfig{}).rig()
	line := &line{t: t}
	r.Config.Scheme = console.New(console.Config{Open: line.open})
	r.Dial = line.dial
	closeBoard := r.Close
	r.Close = func() {
		line.hangUp()
		closeBoard()
	}
	return r
}

// line is a serial line.
type line struct {
	t    *testing.T
	far  net.Conn        // the client's end since the device opened its own
	host *client.Console // on it; nil: not yet
}

// open is the device opening its end.
func (l *line) open() (io.ReadWriteCloser, error) {
	l.hangUp()
	near, far := net.Pipe()
	l.far = far
	return near, nil
}

func (l *line) hangUp() {
	if l.host != nil {
		_ = l.host.Close()
		l.host = nil
	}
}

func (l *line) dial() client.Transport {
	if l.host == nil {
		var err error
		if l.host, err = client.NewConsole(l.far, client.ConsoleConfig{}); err != nil {
			l.t.Fatal(err)
		}
	}
	return turn{l.host}
}

// turn is a client's turn on the line, which stays open when it is over.
type turn struct{ *client.Console }

func (turn) Close() error { return nil }
