// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// A device whose controller fails appears again by itself, and the keys of its
// pairings are as good as before.
func TestDeviceControllerFails(t *testing.T) {
	pairBubble(t, Pairing{Bonding: true}, unchanged, func(t *testing.T, c *Central, l *Link, device *sim.Controller) {
		value := client.BLECharacteristic{Handle: 9}
		require.NoError(t, l.Write(t.Context(), value, []byte("x")))
		bonds := len(c.bonds)
		require.NotZero(t, bonds)
		device.Fail()
		require.ErrorIs(t, l.Write(t.Context(), value, []byte("y")), ErrLinkLost)
		var a client.Advertisement
		require.NoError(t, c.Scan(t.Context(), func(found client.Advertisement) bool { a = found; return false }))
		again, err := c.Connect(t.Context(), a)
		require.NoError(t, err)
		require.NoError(t, again.Write(t.Context(), value, []byte("z")))
		got, err := again.Read(t.Context(), value)
		require.NoError(t, err)
		require.Equal(t, []byte("z"), got)
		require.True(t, again.(*Link).Encrypted())
		require.Len(t, c.bonds, bonds)
		require.NoError(t, again.Close())
	})
}

// A phone's controller that fails ends the link at once, and is set up again with
// its next use.
func TestOwnControllerFails(t *testing.T) {
	bubble(t, 256, Config{}, func(t *testing.T, r *rig) {
		l, list := r.connect(t)
		r.v.hold = true // nothing answers
		time.AfterFunc(time.Second, r.phone.Fail)
		began := time.Now()
		require.ErrorIs(t, l.Write(t.Context(), list[0], []byte("x")), ErrLinkLost)
		require.Equal(t, time.Second, time.Since(began))
		require.NoError(t, l.Close())
		time.Sleep(5 * time.Second) // the device's supervision time-out
		synctest.Wait()
		r.v.hold = false
		l, list = r.connect(t)
		require.NoError(t, l.Write(t.Context(), list[0], []byte("x")))
		require.NoError(t, l.Close())
	})
}

// A device that ends the link instead of answering, as those on Bluedroid refuse,
// is told from one that is out of range, and from a link that this side closed.
func TestWhoEndedTheLink(t *testing.T) {
	bubble(t, 256, Config{}, func(t *testing.T, r *rig) {
		l, list := r.connect(t)
		err := l.Write(t.Context(), list[0], []byte("hang up"))
		require.ErrorIs(t, err, ErrLinkLost)
		require.ErrorIs(t, err, client.ErrHungUp)
		require.ErrorIs(t, err, client.ErrNoAnswer)
		err = l.Write(t.Context(), list[0], []byte("x"))
		require.ErrorIs(t, err, ErrLinkLost)
		require.NotErrorIs(t, err, client.ErrHungUp, "the request was not sent")
		require.NoError(t, l.Close())

		l, list = r.connect(t)
		r.v.hold = true
		go func() { _ = l.Close() }()
		err = l.Write(t.Context(), list[0], []byte("x"))
		require.ErrorIs(t, err, ErrLinkLost)
		require.NotErrorIs(t, err, client.ErrHungUp)
	})
}
