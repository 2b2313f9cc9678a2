// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/bluez"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// values is a device: each characteristic keeps what is written; a value of one
// byte is refused with that code.
type values struct {
	p *bluez.Peripheral

	mu    sync.Mutex
	value [4][]byte
	hold  chan struct{} // writes are not answered, and told here
}

func (*values) Connected(ble.Conn)                   {}
func (*values) Disconnected(ble.Conn, ble.HCIReason) {}
func (*values) MTU(ble.Conn, int)                    {}
func (v *values) Read(_ ble.Conn, char, offset int, dst []byte) (int, ble.ATTError) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if offset > len(v.value[char]) {
		return 0, ble.ATTInvalidOffset
	}
	return copy(dst, v.value[char][offset:]), ble.ATTSuccess
}

func (v *values) Write(c ble.Conn, char int, value []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.hold != nil:
		v.hold <- struct{}{}
	case len(value) == 1:
		v.p.Respond(c, ble.ATTError(value[0]))
	default:
		v.value[char] = bytes.Clone(value)
		v.p.Respond(c, ble.ATTSuccess)
	}
}

func (v *values) setHold(hold chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hold = hold
}

type rig struct {
	bus string
	d   *fakebluez.Daemon
	v   *values
	c   *Central

	encrypt bool // the device wants encrypted links
}

var (
	service = ble.UUID{15: 0x17, 14: 0x75, 0: 7}
	machine = []fakebluez.Adapter{
		{Name: "hci0", Address: "02:00:00:00:00:01"}, {Name: "hci1", Address: "02:00:00:00:00:02"},
	}
)

// setUp gives a machine with two adapters: a device on hci0, a central on hci1.
func setUp(t *testing.T, mtu int, cfg Config) *rig {
	t.Helper()
	noGoroutines(t)
	r := &rig{bus: fakebluez.StartBus(t), v: &values{}}
	r.d = fakebluez.Start(t, r.bus, fakebluez.Config{MTU: mtu, Adapters: machine})
	r.v.p = bluez.New(bluez.Config{Bus: r.bus, Adapter: "hci0"})
	r.serve(t)
	t.Cleanup(func() { _ = r.v.p.StopGATT(ble.StopOptions{}) })
	cfg.Bus, cfg.Adapter = r.bus, "hci1"
	r.c = New(cfg)
	return r
}

func (r *rig) serve(t *testing.T) {
	t.Helper()
	cfg := ble.Config{DeviceName: "PROV_1", Service: service, ManufacturerData: []byte{1, 2, 3}, Notify: true, Encrypt: r.encrypt}
	for i := range 4 {
		cfg.Characteristics = append(cfg.Characteristics, ble.Characteristic{
			UUID: service.With16(uint16(0xFF50 + i)), Name: fmt.Sprint("a name that is longer than an MTU of 23, ", i),
		})
	}
	require.NoError(t, r.v.p.StartGATT(cfg, r.v))
}

// scan looks for the device.
func (r *rig) scan(t *testing.T) client.Advertisement {
	t.Helper()
	var device client.Advertisement
	require.NoError(t, r.c.Scan(t.Context(), func(a client.Advertisement) bool {
		device = a
		return a.Name == ""
	}))
	return device
}

// connect connects and discovers.
func (r *rig) connect(t *testing.T) (client.BLELink, []client.BLECharacteristic) {
	t.Helper()
	l, err := r.c.Connect(t.Context(), r.scan(t))
	require.NoError(t, err)
	list, err := l.Discover(t.Context(), service)
	require.NoError(t, err)
	require.Len(t, list, 4)
	return l, list
}

func noGoroutines(t *testing.T) { fakebluez.NoGoroutines(t, "/bluezcentral.(*") }
