// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

const (
	phone1 = "AA:00:00:00:00:01"
	phone2 = "AA:00:00:00:00:02"
)

// What a client finds, and values of all lengths around the limits of requests.
func TestValuesOfAllLengths(t *testing.T) {
	for _, mtu := range []int{23, 24, 185, 517} {
		t.Run(fmt.Sprint(mtu), func(t *testing.T) {
			r := setUp(t, fakebluez.Config{MTU: mtu}, Config{})
			r.start(t, settings())
			phone := r.connect(t, "hci0", phone1)
			r.h.expect(t, "connected 1")
			require.Len(t, phone.Chars(), 12)
			for i := range 12 {
				require.Equal(t, []string{"read", "write"}, phone.Flags(char(i)))
				name, err := phone.Describe(char(i))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("endpoint-%d", i), name)
			}
			for _, n := range []int{0, 2, mtu - 4, mtu - 3, mtu - 2, mtu - 1, mtu, 2*mtu - 2, 511, 512} {
				n = min(n, 512)
				want := bytes.Repeat([]byte{byte(n)}, n)
				require.NoError(t, phone.Write(char(3), want))
				got, err := phone.Read(char(3))
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got), "%d of %d", len(got), n)
			}
			var seen []string
			for len(r.h.events) > 0 {
				seen = append(seen, <-r.h.events)
			}
			if mtu != 23 {
				require.Equal(t, fmt.Sprintf("mtu 1 %d", mtu), seen[0], "told before the first access")
				seen = seen[1:]
			}
			require.NotContains(t, strings.Join(seen, "\n"), "mtu")
			r.stop(t)
			<-phone.Gone()
		})
	}
}

// The service, its flags and what is advertised; nothing of the start before is
// left (Q-T20), and nothing notifies (Q-T35).
func TestQT20_QT35_WhatIsAnnounced(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	cfg := settings()
	cfg.ManufacturerData = []byte{0xE5, 0x02, 'h', 'i'}
	cfg.Notify = true
	r.start(t, cfg)
	r.d.View(func(v fakebluez.View) {
		ad := v.Advertisement("hci0")
		require.Equal(t, "peripheral", ad["Type"])
		require.Equal(t, []string{serviceUUID.String()}, ad["ServiceUUIDs"])
		require.Equal(t, "PROV_A1B2C3", ad["LocalName"])
		require.Equal(t, true, ad["Discoverable"])
		require.Equal(t, uint32(160), ad["MinInterval"])
		require.Equal(t, uint32(160), ad["MaxInterval"])
		require.Equal(t, map[uint16]dbus.Variant{0x02E5: dbus.MakeVariant([]byte("hi"))}, ad["ManufacturerData"])
		require.Equal(t, "PROV_A1B2C3", v.Property("hci0", "Alias"))
	})
	phone := r.connect(t, "hci0", phone1)
	require.Equal(t, []string{"read", "write", "notify"}, phone.Flags(char(0)))
	r.h.expect(t, "connected 1")
	for _, member := range []string{"StartNotify", "StopNotify"} {
		_, err := r.d.Call("hci0", charPath(0), bluezbus.GattChar+"."+member)
		require.NoError(t, err)
	}
	r.stop(t)
	r.d.View(func(v fakebluez.View) {
		require.Equal(t, "box", v.Property("hci0", "Alias"))
		require.Empty(t, v.Alias("hci0"), "there was none before")
	})

	// Long manufacturer data is in the scan response.
	cfg.ManufacturerData = bytes.Repeat([]byte{1}, 16)
	cfg.Notify = false
	r.start(t, cfg)
	r.d.View(func(v fakebluez.View) {
		ad := v.Advertisement("hci0")
		require.NotContains(t, ad, "ManufacturerData")
		require.Equal(t, map[uint16]dbus.Variant{0x0101: dbus.MakeVariant(bytes.Repeat([]byte{1}, 14))}, ad["ScanResponseManufacturerData"])
	})
	r.log.wait(t, "BlueZ 5.80")
	r.stop(t)
}

// Each length of name and manufacturer data that is allowed can be advertised.
func TestEveryLengthFits(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	for _, tc := range []struct{ name, data int }{{1, 0}, {29, 0}, {25, 2}, {19, 8}, {18, 9}, {10, 17}, {1, 26}} {
		cfg := settings()
		cfg.DeviceName = strings.Repeat("n", tc.name)
		cfg.ManufacturerData = make([]byte, tc.data)
		r.start(t, cfg)
		r.d.View(func(v fakebluez.View) {
			ad := v.Advertisement("hci0")
			require.Equal(t, tc.data > 0 && tc.data <= 8, ad["ManufacturerData"] != nil)
			require.Equal(t, tc.data > 8, ad["ScanResponseManufacturerData"] != nil)
		})
		require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	}
	r.clean(t)
}

// The table of attributes has the order of the configuration: what goes over the
// wire is both the dictionary that bluetoothd wants and a list.
func TestOrderOfAttributes(t *testing.T) {
	cfg := settings()
	list := application(&cfg)
	encode := func(signature dbus.Signature) (*bytes.Buffer, []byte) {
		m := &dbus.Message{Type: dbus.TypeMethodReply, Body: []any{list}, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(uint32(1)), dbus.FieldSignature: dbus.MakeVariant(signature),
		}}
		var wire bytes.Buffer
		require.NoError(t, m.EncodeTo(&wire, binary.LittleEndian))
		body := wire.Bytes()
		return &wire, body[len(body)-int(binary.LittleEndian.Uint32(body[4:])):]
	}
	for _, o := range list { // a map with several members has no order
		require.Len(t, o.Interfaces, 1)
		for iface, props := range o.Interfaces {
			o.Interfaces[iface] = bluezbus.Props{"UUID": props["UUID"]}
		}
	}
	asList, bytesOfList := encode(dbus.SignatureOf(list))
	asMap, bytesOfMap := encode(objectsSignature)
	require.Equal(t, bytesOfList, bytesOfMap)
	back, err := dbus.DecodeMessage(asList)
	require.NoError(t, err)
	for i, e := range back.Body[0].([][]any) {
		require.Equal(t, list[i].Path, e[0])
	}
	back, err = dbus.DecodeMessage(asMap)
	require.NoError(t, err)
	var objects bluezbus.Objects
	require.NoError(t, dbus.Store(back.Body, &objects))
	require.Len(t, objects, 1+2*12)
	require.Equal(t, char(11).String(), bluezbus.Get[string](objects[charPath(11)][bluezbus.GattChar], "UUID"))
}

// Every code that the handler answers with, as bluetoothd passes it on.
func TestErrorsOfTheHandler(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	phone := r.connect(t, "hci0", phone1)
	for code, want := range map[ble.ATTError]ble.ATTError{
		ble.ATTWriteNotPermitted: ble.ATTWriteNotPermitted, ble.ATTInvalidOffset: ble.ATTInvalidOffset,
		ble.ATTInvalidLength: ble.ATTInvalidLength, ble.ATTRequestNotSupported: ble.ATTRequestNotSupported,
		ble.ATTInvalidPDU: ble.ATTUnlikely, ble.ATTUnlikely: ble.ATTUnlikely, ble.ATTInsufficientResources: ble.ATTUnlikely,
		0x80: 0x80, 0x85: 0x85, 0x9F: 0x9F, 0xA0: ble.ATTUnlikely,
	} {
		require.Equal(t, want, phone.Write(char(0), []byte{byte(code)}), "%v", code)
	}
	require.NoError(t, phone.Write(char(0), []byte("value")))
	_, err := phone.ReadAt(char(0), 6)
	require.Equal(t, ble.ATTInvalidOffset, err)
	rest, err := phone.ReadAt(char(0), 5)
	require.NoError(t, err)
	require.Empty(t, rest)
	r.drain()
	r.stop(t)
}

// drain forgets events that a test does not look at.
func (r *rig) drain() {
	for len(r.h.events) > 0 {
		<-r.h.events
	}
}

// Prepared writes: bluetoothd hands over what follows on each other in one call;
// a value without its beginning, or in pieces, never reaches the handler
// (Q-T14, Q-T15, Q-T36).
func TestQT14_QT15_QT36_PreparedWrites(t *testing.T) {
	r := setUp(t, fakebluez.Config{MTU: 23}, Config{})
	r.start(t, settings())
	phone := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	part := func(offset int, n int) fakebluez.Fragment {
		return fakebluez.Fragment{Offset: offset, Value: bytes.Repeat([]byte{9}, n)}
	}
	require.NoError(t, phone.Prepare(char(0), part(0, 18), part(18, 18), part(36, 2)))
	r.h.expect(t, "write 0 38")
	require.Equal(t, ble.ATTRequestNotSupported, phone.Prepare(char(0), part(0, 18), part(17, 18)), "overlap")
	require.Equal(t, ble.ATTRequestNotSupported, phone.Prepare(char(0), part(0, 18), part(20, 18)), "gap")
	require.Equal(t, ble.ATTInvalidOffset, phone.Prepare(char(0), part(5, 18)), "no beginning")
	second := part(0, 18)
	second.Char = char(1)
	require.Equal(t, ble.ATTRequestNotSupported, phone.Prepare(char(0), part(0, 18), second, part(18, 18)), "two characteristics")
	require.NoError(t, phone.Prepare(char(0), part(0, 0)))
	r.h.expect(t, "write 0 0")
	// Were bluetoothd to hand over more than a value can be.
	long := make([]byte, 513)
	require.Equal(t, ble.ATTInvalidLength, phone.Raw(char(0), "WriteValue", long, bluezbus.Props{}))
	require.Equal(t, ble.ATTInvalidLength, phone.Raw(char(0), "WriteValue", long[:512], bluezbus.Props{"offset": dbus.MakeVariant(uint16(1))}))
	require.Equal(t, ble.ATTInvalidOffset, phone.Raw(char(0), "WriteValue", nil, bluezbus.Props{"offset": dbus.MakeVariant(uint16(513))}))
	// A question before a part is kept: whether it could be.
	ask := func(offset uint16, n int) error {
		return phone.Raw(char(0), "WriteValue", long[:n], bluezbus.Props{"offset": dbus.MakeVariant(offset), "prepare-authorize": dbus.MakeVariant(true)})
	}
	require.NoError(t, ask(500, 12))
	require.Equal(t, ble.ATTInvalidLength, ask(500, 13))
	require.Equal(t, ble.ATTInvalidOffset, ask(513, 0))
	require.Equal(t, ble.ATTRequestNotSupported, phone.Raw(char(0), "WriteValue", nil, bluezbus.Props{"type": dbus.MakeVariant("command")}))
	r.stop(t)
}

// The adapter is switched on for the service, and off again, unless it stays on.
func TestPower(t *testing.T) {
	r := setUp(t, fakebluez.Config{Adapters: []fakebluez.Adapter{{Name: "hci0", Address: "02:00:00:00:00:01", Off: true}}}, Config{})
	powered := func() (on bool) {
		r.d.View(func(v fakebluez.View) { on = v.Property("hci0", "Powered") == true })
		return on
	}
	r.start(t, settings())
	require.True(t, powered())
	require.NoError(t, r.p.StopGATT(ble.StopOptions{KeepOn: true}))
	require.True(t, powered())
	require.NoError(t, r.p.StopGATT(ble.StopOptions{KeepOn: true}), "stopping twice")
	require.True(t, powered())
	r.start(t, settings())
	require.NoError(t, r.p.StopGATT(ble.StopOptions{KeepOn: true}))
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	require.False(t, powered())
	r.start(t, settings())
	r.d.SetProperty("hci0", "Powered", false)
	r.log.wait(t, "switched off")
	r.stop(t)

	// What was on before stays on.
	r.d.SetProperty("hci0", "Powered", true)
	r.start(t, settings())
	r.stop(t)
	require.True(t, powered())
}

// An encrypted link: clients have to pair, by Just Works (Q-T22).
func TestQT22_Encrypt(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{KeepAlias: true})
	cfg := settings()
	cfg.Encrypt = true
	r.start(t, cfg)
	r.d.View(func(v fakebluez.View) {
		require.Equal(t, true, v.Property("hci0", "Pairable"))
		require.Equal(t, "box", v.Property("hci0", "Alias"))
	})
	phone := r.connect(t, "hci0", phone1)
	name, err := phone.Describe(char(2))
	require.NoError(t, err, "descriptors are open")
	require.Equal(t, "endpoint-2", name)
	require.Equal(t, ble.ATTError(0x0F), phone.Write(char(0), []byte("xy")))
	require.NoError(t, phone.Pair())
	require.NoError(t, phone.Write(char(0), []byte("xy")))
	_, err = r.d.Call("hci0", agentPath, bluezbus.Agent+".RequestPinCode", dbus.ObjectPath("/x"))
	require.True(t, bluezbus.Is(err, "Rejected"))
	r.drain()
	r.stop(t)
	r.d.View(func(v fakebluez.View) { require.Equal(t, false, v.Property("hci0", "Pairable")) })
}

// What BlueZ cannot do, and what nobody can.
func TestConfigRefused(t *testing.T) {
	p := New(Config{Bus: "unix:path=/nonexistent"})
	h := newHandler(p)
	for _, change := range []func(*ble.Config){
		func(c *ble.Config) { c.DeviceName = "" },
		func(c *ble.Config) { c.DeviceName = strings.Repeat("n", 30) },
		func(c *ble.Config) { c.ManufacturerData = []byte{1} },
		func(c *ble.Config) { c.ManufacturerData = make([]byte, 17) },
		func(c *ble.Config) { c.Characteristics[0].Name = strings.Repeat("n", 513) },
	} {
		cfg := settings()
		change(&cfg)
		require.Error(t, checkConfig(&cfg, h))
		require.NotContains(t, p.StartGATT(cfg, h).Error(), "bus")
	}
	require.ErrorContains(t, p.StartGATT(settings(), nil), "handler")
	cfg := settings()
	cfg.RandomAddress[0] = 0xC0
	require.ErrorIs(t, p.StartGATT(cfg, h), hal.ErrNotSupported)
}

// The configuration is copied.
func TestConfigIsCopied(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	cfg := settings()
	r.start(t, cfg)
	cfg.Characteristics[0].Name = "changed"
	require.ErrorIs(t, r.p.StartGATT(cfg, r.h), hal.ErrBusy)
	phone := r.connect(t, "hci0", phone1)
	name, err := phone.Describe(char(0))
	require.NoError(t, err)
	require.Equal(t, "endpoint-0", name)
	r.h.expect(t, "connected 1")
	r.stop(t)
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
}

// Who is not bluetoothd, or asks for what there is not, gets an error.
func TestOddCalls(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	none := bluezbus.Props{}
	for _, tc := range []struct {
		path   dbus.ObjectPath
		method string
		args   []any
		want   string
	}{
		{charPath(0), bluezbus.GattChar + ".ReadValue", nil, "InvalidArguments"},
		{charPath(0), bluezbus.GattChar + ".ReadValue", []any{none}, "InvalidArguments"},
		{charPath(0), bluezbus.GattChar + ".ReadValue", []any{"x"}, "InvalidArguments"},
		{charPath(0), bluezbus.GattChar + ".ReadValue", []any{bluezbus.Props{"device": dbus.MakeVariant(dbus.ObjectPath("/org/bluez/hci1/dev_1"))}}, "InvalidArguments"},
		{charPath(0), bluezbus.GattChar + ".WriteValue", []any{"x", bluezbus.Props{"device": dbus.MakeVariant(dbus.ObjectPath("/org/bluez/hci0/dev_1"))}}, "InvalidArguments"},
		{charPath(99), bluezbus.GattChar + ".ReadValue", []any{none}, "UnknownMethod"},
		{charPath(0), bluezbus.GattChar + ".AcquireWrite", []any{none}, "UnknownMethod"},
		{charPath(0) + "/desc0", bluezbus.GattDesc + ".WriteValue", []any{[]byte("x"), none}, "UnknownMethod"},
		{charPath(0) + "/desc0", bluezbus.GattDesc + ".ReadValue", []any{bluezbus.Props{"offset": dbus.MakeVariant(uint16(99))}}, "InvalidOffset"},
		{charPath(99) + "/desc0", bluezbus.GattDesc + ".ReadValue", []any{none}, "UnknownMethod"},
		{"/nothing", bluezbus.ObjectManager + ".GetManagedObjects", nil, "UnknownMethod"},
		{adPath, bluezbus.Properties + ".GetAll", []any{bluezbus.GattChar}, "UnknownMethod"},
		{adPath, bluezbus.Properties + ".GetAll", nil, "UnknownMethod"},
		{adPath, bluezbus.Properties + ".Get", []any{bluezbus.Advertisement, "Nothing"}, "UnknownMethod"},
		{adPath, bluezbus.Properties + ".Set", []any{bluezbus.Advertisement, "Type", dbus.MakeVariant("x")}, "PropertyReadOnly"},
		{agentPath, bluezbus.Agent + ".RequestAuthorization", []any{dbus.ObjectPath("/x")}, "UnknownMethod"},
	} {
		_, err := r.d.Call("hci0", tc.path, tc.method, tc.args...)
		require.True(t, bluezbus.Is(err, tc.want), "%s %s: %v", tc.path, tc.method, err)
	}
	body, err := r.d.Call("hci0", adPath, bluezbus.Properties+".Get", bluezbus.Advertisement, "Type")
	require.NoError(t, err)
	require.Equal(t, dbus.MakeVariant("peripheral"), body[0])
	_, err = r.d.Call("hci0", adPath, bluezbus.Advertisement+".Release")
	require.NoError(t, err)
	r.log.wait(t, "ended the advertisement")

	// Another program on the bus finds no service, and its signals mean
	// nothing.
	other, err := bluezbus.Dial(t.Context(), r.bus, func(bluezbus.Message) {})
	require.NoError(t, err)
	ours := r.owner(t)
	for path, method := range map[dbus.ObjectPath]string{
		appPath: bluezbus.ObjectManager + ".GetManagedObjects", charPath(0): bluezbus.GattChar + ".ReadValue",
	} {
		_, err = other.Call(t.Context(), ours, path, method, bluezbus.Props{"device": dbus.MakeVariant(dbus.ObjectPath("/org/bluez/hci0/dev_1"))})
		require.True(t, bluezbus.Is(err, "UnknownMethod"), "%v", err)
	}
	other.Close()
	r.stop(t)
}

// owner returns the peripheral's name on the bus.
func (r *rig) owner(t *testing.T) string {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	require.NotNil(t, r.p.service)
	return r.p.service.bus.Name()
}
