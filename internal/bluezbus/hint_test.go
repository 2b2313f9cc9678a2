// SPDX-License-Identifier: Apache-2.0

package bluezbus_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/bluezbus"
	"github.com/wifiprov/wifiprov/internal/test/fakebluez"
)

// Every way in which a bus says that bluetoothd does not run comes with what to do
// about it; other errors do not.
func TestHints(t *testing.T) {
	const run, group = "bluetoothd does not run: install bluez", "group bluetooth"
	bus := fakebluez.StartBus(t)
	calls := make(chan bluezbus.Message, 1)
	server := dial(t, bus, func(m bluezbus.Message) {
		if m.Call {
			calls <- m
		}
	})
	go func() {
		for {
			select {
			case m := <-calls:
				server.ReplyError(m, m.Body[0].(string), "why")
			case <-server.Done():
				return
			}
		}
	}()
	peer := dial(t, bus, func(bluezbus.Message) {})
	const errs = "org.freedesktop.DBus.Error."
	for n, want := range map[string]string{
		errs + "Spawn.ExecFailed": run, errs + "Spawn.ForkFailed": run, errs + "Spawn.ChildExited": run, errs + "Spawn.ChildSignaled": run,
		errs + "Spawn.Failed": run, errs + "Spawn.FailedToSetup": run, errs + "Spawn.ConfigInvalid": run, errs + "Spawn.ServiceNotValid": run,
		errs + "Spawn.ServiceNotFound": run, errs + "Spawn.PermissionsInvalid": run, errs + "Spawn.FileInvalid": run, errs + "Spawn.NoMemory": run,
		errs + "ServiceUnknown": run, errs + "NameHasNoOwner": run, errs + "NoReply": run, errs + "Disconnected": run, errs + "NoServer": run,
		errs + "Timeout": run, errs + "TimedOut": run,
		"org.freedesktop.systemd1.NoSuchUnit": run, "org.freedesktop.systemd1.UnitMasked": run, "org.freedesktop.systemd1.LoadFailed": run,
		errs + "AccessDenied":        group,
		"org.bluez.Error.NotReady":   "not powered",
		"org.bluez.Error.Blocked":    "rfkill unblock bluetooth",
		errs + "Spawned":             "",
		errs + "UnknownMethod":       "",
		errs + "UnknownObject":       "",
		errs + "InvalidArgs":         "",
		errs + "LimitsExceeded":      "",
		"org.bluez.Error.Failed":     "",
		"org.bluez.Error.InProgress": "",
	} {
		_, err := peer.Call(t.Context(), server.Name(), "/", "a.b.C", n)
		require.True(t, bluezbus.Is(err, n), n)
		if want == "" {
			require.EqualError(t, err, "C: why ("+n+")")
			continue
		}
		require.ErrorContains(t, err, "C: why ("+n+"); ", n)
		require.ErrorContains(t, err, want, n)
	}
}

// A bus that starts bluetoothd itself, and cannot: its program fails, is missing,
// or never takes the name.
func TestActivationFails(t *testing.T) {
	dir := t.TempDir()
	bus := fakebluez.StartBus(t, "<type>session</type>", "<servicedir>"+dir+"</servicedir>")
	exec := func(program string) {
		text := "[D-BUS Service]\nName=org.bluez\nExec=" + program + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "org.bluez.service"), []byte(text), 0o600))
		c, err := dbus.Connect(bus)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err)
	}
	open := func(ctx context.Context) error {
		_, _, err := bluezbus.Open(ctx, bus, func(bluezbus.Message) {})
		return err
	}
	for _, program := range []string{"/bin/false", "/nonexistent/bluetoothd", "/bin/sh -c 'kill -9 $$'"} {
		exec(program)
		require.ErrorContains(t, open(t.Context()), "bluetoothd does not run: install bluez", program)
	}
	exec("/bin/sleep 1")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := open(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "bluetoothd does not run: install bluez")
}
