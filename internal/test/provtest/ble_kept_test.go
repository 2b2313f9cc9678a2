// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// The service ends and the BLE stack stays up with its client connected: what
// the client reads and writes is refused, prepared writes of before included
// (CVE-2026-25507), also when the service has begun again, which is there for
// the next client.
func TestQT16_KeptOnWithAClient(t *testing.T) {
	bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
		d.Scheme.KeepBLEOn, d.Scheme.KeepConnections = true, true
		link, wire := rawPhone(t, d)
		ask := func(pdu ...byte) string {
			t.Helper()
			_, _ = link.Request(t.Context(), pdu...)
			pdus := wire.taken()
			return strings.TrimPrefix(pdus[len(pdus)-1], "< ")
		}
		require.Equal(t, "13", ask(0x12, 21, 0, 'E', 'S', 'P'))
		require.Contains(t, ask(0x0A, 21, 0), "0b7b", "the version, in JSON")
		require.Equal(t, "17150000004553", ask(0x16, 21, 0, 0, 0, 'E', 'S'))
		refused := func() {
			t.Helper()
			require.Equal(t, "010a15000e", ask(0x0A, 21, 0))
			require.Equal(t, "010c15000e", ask(0x0C, 21, 0, 1, 0))
			require.Equal(t, "011215000e", ask(0x12, 21, 0, 'E'))
			require.Equal(t, "011615000e", ask(0x16, 21, 0, 0, 0, 'E'))
			require.Equal(t, "0b70726f746f2d766572", ask(0x0A, 22, 0), "the description stays")
		}
		d.Manager.StopProvisioning()
		d.Manager.Wait()
		synctest.Wait()
		require.Equal(t, 1, d.Controller.Links())
		require.Equal(t, "011815000e", ask(0x18, 1))
		refused()
		d.StartOnly(true)
		synctest.Wait()
		refused()
		_, _, advertising := d.Controller.Advertising()
		require.False(t, advertising, "there is room for one")
		require.NoError(t, link.Close())

		next, err := client.New(d.Dial(blecentral.Config{MTU: att.MinMTU}), client.Config{PoP: PoP})
		require.NoError(t, err)
		_, err = next.Provision(t.Context(), Right)
		require.NoError(t, err)
		require.NoError(t, next.Close())
		d.Manager.StopProvisioning()
		d.Manager.Wait()
		require.NoError(t, d.GATT.StopGATT(ble.StopOptions{})) // the application's turn
	})
}
