// SPDX-License-Identifier: Apache-2.0

package bluez

import (
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// Connections: each is announced once, before anything else, and ends once, with
// BlueZ's reason (Q-T38).
func TestQT38_Connections(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	for _, tc := range []struct{ name, want string }{
		{"Timeout", "8"}, {"Local", "22"}, {"Remote", "19"}, {"Unknown", "19"}, {"Suspend", "19"},
	} {
		phone := r.connect(t, "hci0", phone1)
		r.h.expect(t, "connected 1")
		phone.HangUp(tc.name)
		r.h.expect(t, "disconnected 1 "+tc.want)
	}
	one, two := r.connect(t, "hci0", phone1), r.connect(t, "hci0", phone2)
	r.h.expect(t, "connected 1", "connected 2")
	one.HangUp("Remote")
	r.h.expect(t, "disconnected 1 19")
	one = r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	require.NotEqual(t, ble.Conn(0x10001), r.h.conn(), "a handle that is used again is another connection")
	two.Forget()
	r.h.expect(t, "disconnected 2 22")
	// bluetoothd forgets a device without another word.
	r.d.Emit("/", bluezbus.ObjectManager+".InterfacesRemoved", dbus.ObjectPath("/org/bluez/hci0/dev_AA_00_00_00_00_01"), []string{bluezbus.Device})
	r.h.expect(t, "disconnected 1 19")
	one.HangUp("Remote")
	r.stop(t)
}

// Without the signal Disconnected, before BlueZ 5.83.
func TestReasonsOfOldBlueZ(t *testing.T) {
	r := setUp(t, fakebluez.Config{OldReasons: true}, Config{})
	r.start(t, settings())
	r.connect(t, "hci0", phone1).HangUp("Timeout")
	r.h.expect(t, "connected 1", "disconnected 1 19")
	phone := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	require.NoError(t, r.p.Disconnect(r.h.conn(), ble.ReasonRemoteUser))
	require.NoError(t, r.p.Disconnect(r.h.conn(), ble.ReasonRemoteUser))
	r.h.expect(t, "disconnected 1 22")
	<-phone.Gone()
	require.NoError(t, r.p.Disconnect(r.h.conn(), ble.ReasonRemoteUser), "one that is gone is left alone")
	r.stop(t)
	once := slices.DeleteFunc(r.d.Calls(), func(call string) bool { return call != "Disconnect" })
	require.Len(t, once, 1)
}

// A headset or a mouse is no client, and stays connected; one is when it accesses
// the service.
func TestOtherDevices(t *testing.T) {
	const headset, mouse, speaker = 0x240404, 0, 0x240414
	r := setUp(t, fakebluez.Config{}, Config{})
	r.d.ConnectOther("hci0", "AA:00:00:00:00:03", speaker).HangUp("Remote")
	others := []*fakebluez.Phone{
		r.d.ConnectOther("hci0", phone1, headset),
		r.d.ConnectOther("hci0", "AA:00:00:00:00:04", mouse),
	}
	r.start(t, settings())
	others = append(others,
		r.connect(t, "hci0", "AA:00:00:00:00:03"), // known to be the speaker
		r.d.ConnectOther("hci0", "AA:00:00:00:00:05", headset))
	r.d.Emit("/org/bluez/hci0/dev_AA_00_00_00_00_04", bluezbus.Properties+".PropertiesChanged",
		bluezbus.Device, bluezbus.Props{"Connected": dbus.MakeVariant(true)}, []string{}) // over another bearer
	client := r.d.ConnectOther("hci0", phone2, headset)
	require.NoError(t, client.Write(char(0), []byte("I am a client")))
	r.h.expect(t, "connected 1", "mtu 1 517", "write 0 13")
	require.NoError(t, r.p.StopGATT(ble.StopOptions{}))
	<-client.Gone()
	for _, stays := range others {
		require.True(t, stays.Connected())
		stays.HangUp("Remote")
	}
	r.clean(t)
}

// A write waits for its answer; another one for the same connection is refused
// meanwhile, and other clients are served. After the stop the service is gone,
// and what happens to clients that were kept is not told (Q-T16, Q-T18).
func TestQT16_QT18_WritesThatWait(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	phone := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	first := r.h.conn()
	other := r.connect(t, "hci0", phone2)
	r.h.expect(t, "connected 2")
	r.h.set(func() { r.h.hold = true })
	outcome := make(chan error, 1)
	go func() { outcome <- phone.Write(char(0), []byte("slow")) }()
	r.h.expect(t, "mtu 1 517", "write 0 4")
	require.Equal(t, ble.ATTError(0xFE), phone.Raw(char(1), "WriteValue", []byte("more"), bluezbus.Props{}))
	_, err := other.Read(char(0))
	require.NoError(t, err)
	r.h.expect(t, "mtu 2 517", "read 0 0")
	r.p.Respond(first+1<<16, ble.ATTSuccess) // another connection's
	r.p.Respond(first, ble.ATTSuccess)
	require.NoError(t, <-outcome)
	r.p.Respond(first, ble.ATTInvalidLength) // waits for none

	// A client that goes gets no answer; a late one reaches nobody.
	go func() { outcome <- phone.Write(char(0), []byte("gone")) }()
	r.h.expect(t, "write 0 4")
	phone.HangUp("Remote")
	require.ErrorIs(t, <-outcome, fakebluez.ErrGone)
	r.h.expect(t, "disconnected 1 19")
	again := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	go func() { outcome <- again.Write(char(0), []byte("mine")) }()
	r.h.expect(t, "mtu 1 517", "write 0 4")
	r.p.Respond(first, ble.ATTInvalidLength)
	select {
	case err := <-outcome:
		require.Fail(t, "answered", "%v", err)
	default:
	}

	// StopGATT ends what waits.
	require.NoError(t, r.p.StopGATT(ble.StopOptions{KeepOn: true, KeepConnections: true}))
	require.Equal(t, ble.ATTUnlikely, <-outcome)
	r.p.Respond(r.h.conn(), ble.ATTSuccess)
	_, err = again.Read(char(0))
	require.Equal(t, ble.ATTInvalidHandle, err, "Q-T16: the service is gone")
	require.True(t, again.Connected())
	again.HangUp("Remote")
	other.HangUp("Remote")
	r.clean(t)
}

// StopGATT from inside the handler; no method is called afterwards.
func TestStopInsideHandler(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	phone := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	stopped := make(chan error, 1)
	r.h.set(func() {
		r.h.onWrite = func(ble.Conn) { stopped <- r.p.StopGATT(ble.StopOptions{}) }
	})
	require.Error(t, phone.Write(char(0), []byte("stop")))
	require.NoError(t, <-stopped)
	r.h.expect(t, "mtu 1 517", "write 0 4")
	<-phone.Gone()
	r.clean(t)
	r.h.set(func() { r.h.onWrite = nil })
	r.start(t, settings())
	r.stop(t)
}

// Events wait for a handler that takes its time, and keep their order.
func TestSlowHandler(t *testing.T) {
	r := setUp(t, fakebluez.Config{}, Config{})
	r.start(t, settings())
	block := make(chan struct{})
	r.h.set(func() { r.h.block = block })
	phone := r.connect(t, "hci0", phone1)
	r.h.expect(t, "connected 1")
	r.h.set(func() { r.h.block = nil })
	phone.HangUp("Remote")
	outcome := make(chan error, 1)
	go func() {
		next, err := r.d.Connect("hci0", phone1)
		if err == nil {
			err = next.Write(char(0), []byte("next"))
		}
		outcome <- err
	}()
	r.d.Wait("the write", func(v fakebluez.View) bool { return v.Called("→WriteValue") })
	close(block)
	r.h.expect(t, "disconnected 1 19", "connected 1", "mtu 1 517", "write 0 4")
	require.NoError(t, <-outcome)
	r.stop(t)
}
