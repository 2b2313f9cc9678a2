// SPDX-License-Identifier: Apache-2.0

package bluezcentral

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// encrypted gives a device that wants encrypted links.
func encrypted(t *testing.T) *rig {
	t.Helper()
	r := setUp(t, 517, Config{})
	require.NoError(t, r.v.p.StopGATT(ble.StopOptions{}))
	r.encrypt = true
	r.serve(t)
	return r
}

// use writes and reads a value, for a few seconds at most.
func use(t *testing.T, l client.BLELink, c client.BLECharacteristic) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := l.Write(ctx, c, []byte("hello")); err != nil {
		return err
	}
	value, err := l.Read(ctx, c)
	require.Equal(t, err == nil, string(value) == "hello")
	return err
}

// other is an agent of another program, which is the default one.
type other struct {
	bus     *bluezbus.Conn
	asked   chan string
	refuses bool
}

func newOther(t *testing.T, r *rig, refuses bool) *other {
	t.Helper()
	o := &other{asked: make(chan string, 10), refuses: refuses}
	ready := make(chan struct{})
	var err error
	o.bus, err = bluezbus.Dial(t.Context(), r.bus, func(m bluezbus.Message) {
		if !m.Call {
			return
		}
		go func() {
			<-ready
			o.asked <- m.Member
			if o.refuses {
				o.bus.ReplyError(m, "org.bluez.Error.Rejected", "no")
				return
			}
			o.bus.Reply(m)
		}()
	})
	require.NoError(t, err)
	close(ready)
	t.Cleanup(o.bus.Close)
	for method, args := range map[string][]any{
		"RequestDefaultAgent": {dbus.ObjectPath("/other")}, "RegisterAgent": {dbus.ObjectPath("/other"), "DisplayYesNo"},
	} {
		_, err = o.bus.Call(t.Context(), bluezbus.Name, bluezbus.Root, bluezbus.AgentManager+"."+method, args...)
		require.NoError(t, err)
	}
	return o
}

// A device that wants an encrypted link is paired with by the link's own agent, on
// a machine without any; it is gone with the link.
func TestDeviceWantsEncryption(t *testing.T) {
	r := encrypted(t)
	before := len(r.d.Calls())
	l, list := r.connect(t)
	require.NoError(t, use(t, l, list[0]))
	require.NoError(t, l.Close())
	require.NotContains(t, r.d.Calls()[before:], "RequestDefaultAgent")
	require.NotContains(t, r.d.Calls()[before:], "Pair")
	r.d.Wait("the agent is gone", func(v fakebluez.View) bool { n, _ := v.Agents(); return n == 1 })
}

// Another program's default agent stays the default one and is asked first; if it
// refuses, the link pairs by its own.
func TestAnotherAgent(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		t.Run(fmt.Sprint(refuses), func(t *testing.T) {
			r := encrypted(t)
			o := newOther(t, r, refuses)
			before := len(r.d.Calls())
			l, list := r.connect(t)
			require.NoError(t, use(t, l, list[0]))
			require.Equal(t, "RequestAuthorization", <-o.asked)
			require.Empty(t, o.asked)
			calls := r.d.Calls()[before:]
			require.NotContains(t, calls, "RequestDefaultAgent")
			if refuses {
				require.Contains(t, calls, "Pair")
			} else {
				require.NotContains(t, calls, "Pair")
			}
			require.NoError(t, l.Close())
			r.d.Wait("the other is the default", func(v fakebluez.View) bool {
				n, def := v.Agents()
				return n == 2 && def == o.bus.Name()
			})
		})
	}
}

// A device that wants encryption and does not pair refuses.
func TestDeviceDoesNotPair(t *testing.T) {
	r := encrypted(t)
	r.d.SetProperty("hci0", "Pairable", false)
	l, list := r.connect(t)
	err := use(t, l, list[0])
	require.ErrorIs(t, err, ble.ATTInsufficientAuthentication)
	require.ErrorContains(t, err, "the device wants an encrypted link")
	require.ErrorContains(t, err, "Pair: Authentication Failed")
	require.True(t, errors.As(err, new(ble.ATTError)), "a refusal: the link goes on")
	// bluetoothd has paired meanwhile.
	r.d.SetHook(func(call string) error {
		if call == "Pair" {
			r.d.SetProperty("hci0", "Pairable", true)
			return dbus.NewError("org.bluez.Error.AlreadyExists", []any{"Already Exists"})
		}
		return nil
	})
	require.NoError(t, use(t, l, list[0]))
	require.NoError(t, l.Close())
}

// The agent agrees to this device alone, and to pairing by Just Works alone.
func TestAgentRefusesEverythingElse(t *testing.T) {
	r := setUp(t, 517, Config{})
	l, _ := r.connect(t)
	ours, another := l.(*link).path, dbus.ObjectPath("/org/bluez/hci1/dev_02_00_00_00_00_99")
	for _, tc := range []struct {
		method string
		args   []any
		want   string // the error; empty: agrees
	}{
		{"RequestAuthorization", []any{ours}, ""},
		{"RequestAuthorization", []any{another}, "Rejected"},
		{"RequestAuthorization", []any{ours + "/service0001"}, "Rejected"},
		{"RequestAuthorization", []any{string(ours)}, "Rejected"},
		{"RequestAuthorization", nil, "Rejected"},
		{"RequestConfirmation", []any{ours, uint32(123456)}, "Rejected"},
		{"RequestPinCode", []any{ours}, "Rejected"},
		{"RequestPasskey", []any{ours}, "Rejected"},
		{"DisplayPasskey", []any{ours, uint32(1), uint16(1)}, "Rejected"},
		{"DisplayPinCode", []any{ours, "0000"}, "Rejected"},
		{"AuthorizeService", []any{ours, "0000110a-0000-1000-8000-00805f9b34fb"}, "Rejected"},
		{"Cancel", nil, ""},
		{"Release", nil, ""},
	} {
		err := r.d.AskAgent(tc.method, tc.args...)
		if tc.want == "" {
			require.NoError(t, err, tc.method)
		} else {
			require.True(t, bluezbus.Is(err, tc.want), "%s: %v", tc.method, err)
		}
	}
	// Nobody but bluetoothd is heard.
	stranger, err := bluezbus.Dial(t.Context(), r.bus, func(bluezbus.Message) {})
	require.NoError(t, err)
	defer stranger.Close()
	_, err = stranger.Call(t.Context(), l.(*link).bus.Name(), agentPath, bluezbus.Agent+".RequestAuthorization", ours)
	require.True(t, bluezbus.Is(err, "UnknownMethod"), "%v", err)
	require.NoError(t, l.Close())
}

// Without bluetoothd it is not the device that is missing, also when the bus takes
// its time to start it.
func TestWithoutBluetoothd(t *testing.T) {
	noGoroutines(t)
	dir := t.TempDir()
	text := "[D-BUS Service]\nName=org.bluez\nExec=/bin/sleep 5\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "org.bluez.service"), []byte(text), 0o600))
	bus := fakebluez.StartBus(t, "<type>session</type>", "<servicedir>"+dir+"</servicedir>")
	transport, err := client.NewBLE(client.BLEConfig{Central: New(Config{Bus: bus}), FindTimeout: time.Second})
	require.NoError(t, err)
	c, err := client.New(transport, client.Config{})
	require.NoError(t, err)
	err = c.Connect(t.Context())
	require.ErrorIs(t, err, client.ErrTimeout)
	require.NotErrorIs(t, err, client.ErrNoDevice)
	require.ErrorContains(t, err, "bluetoothd does not run: install bluez")
	require.NotContains(t, err.Error(), "Config.Security")
	require.NoError(t, c.Close())
}
