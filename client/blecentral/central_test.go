// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// values is a device's handler: each characteristic keeps what is written.
type values struct {
	h     *att.Host
	value [4][]byte
	hold  bool
}

func (*values) Connected(ble.Conn)                   {}
func (*values) Disconnected(ble.Conn, ble.HCIReason) {}
func (*values) MTU(ble.Conn, int)                    {}
func (v *values) Read(_ ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	if offset > len(v.value[char]) {
		return 0, ble.ATTInvalidOffset
	}
	return copy(dst, v.value[char][offset:]), ble.ATTSuccess
}

func (v *values) Write(c ble.Conn, char int, value []byte) {
	if v.hold {
		return
	}
	if string(value) == "hang up" {
		_ = v.h.Disconnect(c, ble.ReasonRemoteUser)
		return
	}
	if string(value) == "refuse" {
		v.h.Respond(c, ble.ATTInvalidPDU)
		return
	}
	v.value[char] = bytes.Clone(value)
	v.h.Respond(c, ble.ATTSuccess)
}

type rig struct {
	v      *values
	device *sim.Controller
	phone  *sim.Controller
	c      *Central
}

// bubble runs fn with a device that advertises and a central.
func bubble(t *testing.T, deviceMTU int, cfg Config, fn func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		r := &rig{v: &values{}}
		var err error
		r.device, err = air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		r.phone, err = air.NewController(sim.ControllerConfig{ACLLength: 27, ACLBuffers: 2})
		require.NoError(t, err)
		r.v.h, err = att.New(r.device, att.Config{MTU: deviceMTU})
		require.NoError(t, err)
		service := ble.UUID{13: 1}
		cfgGATT := ble.Config{DeviceName: "PROV_1", Service: service, ManufacturerData: []byte{1, 2, 3}, Notify: true}
		for i := range 4 {
			cfgGATT.Characteristics = append(cfgGATT.Characteristics, ble.Characteristic{UUID: service.With16(uint16(0xFF50 + i)), Name: fmt.Sprint("a name that is longer than an MTU of 23, ", i)})
		}
		require.NoError(t, r.v.h.StartGATT(cfgGATT, r.v))
		r.c, err = New(r.phone, cfg)
		require.NoError(t, err)
		fn(t, r)
		require.NoError(t, r.v.h.StopGATT(ble.StopOptions{}))
	})
}

func (r *rig) connect(t *testing.T) (client.BLELink, []client.BLECharacteristic) {
	var device client.Advertisement
	require.NoError(t, r.c.Scan(t.Context(), func(a client.Advertisement) bool {
		device = a
		return a.Name == "" || len(a.Services) == 0
	}))
	require.Equal(t, client.Advertisement{
		Address: device.Address, Name: "PROV_1", Services: []ble.UUID{{13: 1}},
		ManufacturerData: []byte{1, 2, 3}, RSSI: sim.DefaultRSSI,
	}, device)
	l, err := r.c.Connect(t.Context(), device)
	require.NoError(t, err)
	list, err := l.Discover(t.Context(), ble.UUID{13: 1})
	require.NoError(t, err)
	return l, list
}

// Discovery, and values of every length around the limits of requests.
func TestValuesOfAllLengths(t *testing.T) {
	for _, mtu := range []int{23, 24, 100, 517} {
		bubble(t, mtu, Config{}, func(t *testing.T, r *rig) {
			l, list := r.connect(t)
			require.Len(t, list, 4)
			require.Equal(t, mtu, l.(*Link).MTU())
			require.Equal(t, "a name that is longer than an MTU of 23, 3", list[3].Name)
			require.Equal(t, ble.UUID{12: 0x53, 13: 0xFF}, list[3].UUID)
			for _, n := range []int{0, 1, mtu - 5, mtu - 4, mtu - 3, mtu - 2, mtu - 1, mtu, 2*mtu - 2, 511, 512} {
				value := bytes.Repeat([]byte{byte(n)}, min(n, 512))
				require.NoError(t, l.Write(t.Context(), list[1], value))
				require.True(t, bytes.Equal(value, r.v.value[1]), "%d", n)
				got, err := l.Read(t.Context(), list[1])
				require.NoError(t, err)
				require.True(t, bytes.Equal(value, got), "%d: %d", n, len(got))
			}
			require.Equal(t, ble.ATTInvalidPDU, l.Write(t.Context(), list[0], []byte("refuse")))
			require.Error(t, l.Write(t.Context(), list[0], make([]byte, 513)))
			other, err := l.Discover(t.Context(), ble.UUID{})
			require.NoError(t, err)
			require.Equal(t, list, other)
			_, err = l.Discover(t.Context(), ble.UUID{1})
			require.ErrorContains(t, err, "no service")
			require.NoError(t, l.Close())
			require.NoError(t, l.Close())
			require.ErrorIs(t, l.Write(t.Context(), list[0], []byte("x")), ErrLinkLost)
			l, _ = r.connect(t)
			require.NoError(t, l.Close())
		})
	}
}

// Contexts end scans, connections and requests; a lost link ends requests.
func TestContextsAndLostLinks(t *testing.T) {
	bubble(t, 23, Config{}, func(t *testing.T, r *rig) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.c.Scan(ctx, func(client.Advertisement) bool { return true }), context.DeadlineExceeded)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.c.Connect(ctx, client.Advertisement{Address: "00010203040506"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = r.c.Connect(ctx, client.Advertisement{Address: "x"})
		require.Error(t, err)

		l, list := r.connect(t)
		_, err = r.c.Connect(t.Context(), client.Advertisement{Address: "00010203040506"})
		require.Equal(t, errBusy, err)
		r.v.hold = true
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Write(ctx, list[0], []byte("x")), context.DeadlineExceeded)
		require.NoError(t, l.Close())
		l, list = r.connect(t)
		r.device.CutAfter(3)
		require.ErrorIs(t, l.Write(t.Context(), list[0], make([]byte, 100)), ErrLinkLost)
		require.NoError(t, l.Close())
	})
}

// dead is a controller that takes nothing.
type dead struct{}

func (dead) Send([]byte) error        { return errors.New("gone") }
func (dead) SetReceiver(func([]byte)) {}

func TestDeadController(t *testing.T) {
	c, err := New(dead{}, Config{})
	require.NoError(t, err)
	require.ErrorContains(t, c.Scan(t.Context(), nil), "gone")
	for _, cfg := range []Config{
		{MTU: 22}, {MTU: 518}, {Interval: 7 * time.Millisecond}, {Interval: 5 * time.Second}, {Interval: -1},
		{SupervisionTimeout: 99 * time.Millisecond}, {SupervisionTimeout: 33 * time.Second},
	} {
		_, err = New(dead{}, cfg)
		require.Error(t, err, "%+v", cfg)
	}
}

// FuzzReceive feeds any packets of a controller.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{22, 4, 0x3E, 19, 1, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xF4, 1, 0, 9, 2, 1, 0x20, 5, 0, 1, 0, 4, 0, 0x13})
	f.Add([]byte{16, 4, 0x3E, 13, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 1, 7, 0xC4})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := New(dead{}, Config{})
		require.NoError(t, err)
		c.reports = make(chan report, 4)
		made := make(chan []byte, 1)
		c.made = made
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			c.receive(bytes.Clone(data[1 : 1+n]))
			data = data[1+n:]
		}
		for len(c.reports) > 0 {
			var a client.Advertisement
			parse(&a, (<-c.reports).data)
		}
		require.GreaterOrEqual(t, c.aclFree, 0)
		require.Equal(t, c.link != nil && len(made) == 0, false, "a link that nobody asked for")
		if c.link != nil {
			require.LessOrEqual(t, cap(c.link.frame), 2*att.MaxMTU, "what is put together is bounded")
		}
	})
}
