// SPDX-License-Identifier: Apache-2.0

//go:build linux

package linuxvm

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecondRadio provisions a box that has another radio for its access point. So that
// stays where it is, whichever channel the box joins on.
func TestSecondRadio(t *testing.T) {
	for _, backend := range []Backend{WPA, NM} {
		scenario(t, string(backend), limit, func(t *testing.T, ctx context.Context) {
			require.NoError(t, SecondRadio(ctx, true))
			t.Cleanup(func() { require.NoError(t, SecondRadio(context.Background(), false)) })
			d := &device{backend: backend, transport: "softap", second: true}
			d.cleanUp(t)
			d.start(t, ctx)
			d.window(t, ctx)
			d.refused(t, ctx, HomeNet.SSID, "wrong horse", "authentication error")
			d.accepted(t, ctx, HomeNet)
			d.window(t, ctx)
			d.refused(t, ctx, FiveNet.SSID, "wrong horse", "authentication error")
			d.accepted(t, ctx, MixedNet)
		})
	}
}

// TestProgram provisions a box by a program of its own, which is examples/linux.
func TestProgram(t *testing.T) {
	for _, p := range []struct {
		backend   Backend
		transport string
	}{{WPA, "softap"}, {NM, "softap"}, {WPA, "ble"}, {NM, "ble"}} {
		scenario(t, string(p.backend)+"/"+p.transport, limit, func(t *testing.T, ctx context.Context) {
			const name, store = "PROV_LINUX", "/run/linux.nvs"
			d := &device{backend: p.backend, transport: p.transport}
			d.cleanUp(t)
			t.Cleanup(func() {
				require.NoError(t, Stop(context.Background(), "linux"))
				require.NoError(t, os.RemoveAll(store))
			})
			program := func() {
				_, err := Start("linux", "linux", "-interface", "wlan0", "-store", store, "-transport", p.transport)
				require.NoError(t, err)
			}
			online := func() {
				require.NoError(t, Wait(ctx, "the box is online", func() bool { return HomeNet.Has(ctx, mac) && HomeNet.Online(ctx) }))
			}
			require.NoError(t, p.backend.Start(ctx))
			phone := []string{"espprov", "provision", "--pop", "abcd1234", "--ssid", HomeNet.SSID, "--passphrase", HomeNet.Passphrase}
			if p.transport == "ble" {
				require.NoError(t, Bluetooth(ctx))
				phone = append(phone, "--transport", "ble", "--bluetooth", "hci1", "--device", name)
				program()
			} else {
				program()
				require.NoError(t, JoinAP(ctx, name, ""))
				phone = Phone(phone...)
			}
			require.Contains(t, run(t, ctx, phone...), "The device has joined "+HomeNet.SSID)
			require.NoError(t, LeaveAP(ctx))
			online()
			require.NoError(t, HomeNet.Deauth(ctx))
			online()
			require.NoError(t, Stop(ctx, "linux"))
			program() // as after a boot
			online()
		})
	}
}
