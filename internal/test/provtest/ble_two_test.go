// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/protocomm"
)

// Two phones at once: with room for one, the second does not find the device
// until the first is gone.
func TestBLERoomForOne(t *testing.T) {
	bleBubble(t, att.Config{MTU: 64}, func(t *testing.T, d *BLEDevice) {
		d.Start(true)
		a, _ := d.Phone(client.Config{}, blecentral.Config{})
		b, _ := d.Phone(client.Config{}, blecentral.Config{})
		require.NoError(t, a.Connect(t.Context()))
		require.ErrorIs(t, b.Connect(t.Context()), client.ErrNoDevice)
		require.NoError(t, a.Close())
		require.NoError(t, b.Connect(t.Context()))
		require.Equal(t, 1, d.Controller.Links())
		require.NoError(t, b.Close())
	})
}

// With room for two, their sessions and answers do not mix, requests of both are
// handled at the same time, and one provisions while the other looks on.
func TestBLERoomForTwo(t *testing.T) {
	bleBubble(t, att.Config{MTU: 64, MaxConns: 2}, func(t *testing.T, d *BLEDevice) {
		require.NoError(t, d.Manager.Init(d.Config()))
		require.NoError(t, d.Manager.CreateEndpoint("custom-data"))
		require.NoError(t, d.Manager.DisableAutoStop(0))
		d.StartOnly(true)
		running, release := make(chan struct{}, 2), make(chan struct{})
		require.NoError(t, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			running <- struct{}{}
			<-release
			return append([]byte("got "), req...), nil
		}))
		a, _ := d.Phone(client.Config{}, blecentral.Config{})
		b, _ := d.Phone(client.Config{}, blecentral.Config{})
		require.NoError(t, a.Connect(t.Context()))
		require.NoError(t, b.Connect(t.Context()))
		require.Equal(t, 2, d.Controller.Links())
		answers := make(chan string, 2)
		for c, text := range map[*client.Client]string{a: strings.Repeat("a", 400), b: strings.Repeat("b", 400)} {
			go func() {
				got, err := c.Custom(t.Context(), "custom-data", []byte(text))
				if err != nil || string(got) != "got "+text {
					t.Errorf("%v: %q", err, got)
				}
				answers <- text[:1]
			}()
		}
		<-running
		<-running
		synctest.Wait()
		require.Empty(t, answers)
		close(release)
		require.NotEqual(t, <-answers, <-answers)

		_, err := a.Provision(t.Context(), Right)
		require.NoError(t, err)
		status, err := b.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, client.StateConnected, status.State)
		require.NoError(t, a.Close())
		_, err = b.Status(t.Context())
		require.NoError(t, err)
		require.NoError(t, b.Close())
	})
}
