// SPDX-License-Identifier: Apache-2.0

package blecentral

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
)

// crooked is a security manager that a test changes the answers of.
type crooked struct {
	att.Pairing
	change func(dst []byte) []byte // frames that are sent
	calls  int
}

func (c *crooked) NewPeer() att.PairingPeer { return &crookedPeer{c.Pairing.NewPeer(), c} }

type crookedPeer struct {
	att.PairingPeer
	c *crooked
}

func (p *crookedPeer) Receive(dst, pdu []byte) []byte {
	p.c.calls++
	return p.c.change(p.PairingPeer.Receive(dst, pdu))
}

// strict refuses the value "more" for want of more than pairing gives.
type strict struct{ *values }

func (s *strict) Write(c ble.Conn, char int, value []byte) {
	if string(value) == "more" {
		s.h.Respond(c, ble.ATTInsufficientAuthentication)
		return
	}
	s.values.Write(c, char, value)
}

// pairBubble runs fn with a link to a device that wants encryption.
func pairBubble(t *testing.T, cfg Pairing, change func(call int, frames []byte) []byte, fn func(t *testing.T, c *Central, l *Link, device *sim.Controller)) {
	synctest.Test(t, func(t *testing.T) {
		air := sim.NewAir(sim.AirConfig{})
		device, err := air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		phone, err := air.NewController(sim.ControllerConfig{ACLLength: 27})
		require.NoError(t, err)
		m, err := smp.New(smp.Config{Rand: rand.Reader})
		require.NoError(t, err)
		bad := &crooked{Pairing: m}
		bad.change = func(dst []byte) []byte { return change(bad.calls, dst) }
		v := &values{}
		v.h, err = att.New(device, att.Config{Pairing: bad})
		require.NoError(t, err)
		require.NoError(t, v.h.StartGATT(ble.Config{
			DeviceName: "PROV_1", Encrypt: true, Bonding: true, SecureConnections: true,
			Characteristics: []ble.Characteristic{{UUID: ble.UUID16(0xFF51), Name: "prov-session"}},
		}, &strict{v}))
		c, err := New(phone, Config{Pairing: &cfg})
		require.NoError(t, err)
		var a client.Advertisement
		require.NoError(t, c.Scan(t.Context(), func(found client.Advertisement) bool { a = found; return false }))
		l, err := c.Connect(t.Context(), a)
		require.NoError(t, err)
		fn(t, c, l.(*Link), device)
		require.NoError(t, l.Close())
		require.NoError(t, v.h.StopGATT(ble.StopOptions{}))
	})
}

func unchanged(_ int, frames []byte) []byte { return frames }

// Every byte of what a device answers in a pairing is changed, one at a time: if
// it matters the pairing fails, and the link is never encrypted with a key that
// was not checked.
func TestCrookedDevice(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		calls := map[bool]int{false: 4, true: 3}[legacy]
		for call := 1; call <= calls; call++ {
			for at, longer := 4, true; longer; at++ {
				if !legacy && call == 2 && at == 4+65 {
					at += 4 // L2CAP's header of the confirm value
				}
				change := func(n int, frames []byte) []byte {
					if n == call {
						if longer = at < len(frames); longer {
							frames[at] ^= 0x04
						}
					}
					return frames
				}
				pairBubble(t, Pairing{Legacy: legacy, Bonding: true}, change, func(t *testing.T, c *Central, l *Link, _ *sim.Controller) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					err := l.Pair(ctx)
					name := fmt.Sprint("legacy ", legacy, ", call ", call, ", byte ", at, ": ", err)
					// What keys are asked for is not checked, and signing
					// keys are of no interest.
					if !longer || !legacy && call == 1 && at >= 9 {
						require.NoError(t, err, name)
						return
					}
					require.Error(t, err, name)
					require.False(t, l.Encrypted(), name)
					require.Empty(t, c.bonds, name)
				})
			}
		}
	}
}

// The keys that are offered are those that can be given: a device would wait for the
// others.
func TestKeysOffered(t *testing.T) {
	var request []byte
	pairBubble(t, Pairing{Bonding: true}, unchanged, func(t *testing.T, _ *Central, l *Link, device *sim.Controller) {
		device.SetSniffer(func(p sim.LinkPacket) {
			if !p.Sent && len(p.Data) == 4+7 && p.Data[2] == 6 && p.Data[4] == 1 {
				request = p.Data[4:]
			}
		})
		require.NoError(t, l.Pair(t.Context()))
		device.SetSniffer(nil)
	})
	require.Equal(t, []byte{1, 4, 0, 0x0D, 16, 3, 3}, request)
}

// A device that falls silent, a link that is lost, a context that ends, and no
// random numbers.
func TestPairEnds(t *testing.T) {
	silent := func(call int, frames []byte) []byte {
		if call > 1 {
			return nil
		}
		return frames
	}
	pairBubble(t, Pairing{}, silent, func(t *testing.T, _ *Central, l *Link, _ *sim.Controller) {
		began := time.Now()
		// Both wait for 30 s; the device hangs up a little later.
		require.ErrorIs(t, l.Pair(t.Context()), client.ErrTimeout)
		require.Less(t, time.Since(began), pairingTimeout+time.Second)
		time.Sleep(time.Second)
		require.ErrorIs(t, l.Pair(t.Context()), ErrLinkLost)
	})
	pairBubble(t, Pairing{}, silent, func(t *testing.T, _ *Central, l *Link, device *sim.Controller) {
		time.AfterFunc(time.Second, func() { device.Drop(ble.ReasonRemoteUser) })
		require.ErrorIs(t, l.Pair(t.Context()), ErrLinkLost)
	})
	pairBubble(t, Pairing{}, silent, func(t *testing.T, _ *Central, l *Link, _ *sim.Controller) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Pair(ctx), context.DeadlineExceeded)
	})
	noEntropy := errors.New("no entropy")
	for _, legacy := range []bool{false, true} {
		broken := Pairing{Legacy: legacy, Rand: readFunc(func([]byte) (int, error) { return 0, noEntropy })}
		pairBubble(t, broken, unchanged, func(t *testing.T, _ *Central, l *Link, _ *sim.Controller) {
			require.ErrorIs(t, l.Pair(t.Context()), noEntropy)
		})
	}
	pairBubble(t, Pairing{}, unchanged, func(t *testing.T, c *Central, l *Link, _ *sim.Controller) {
		for range 3 {
			require.NoError(t, l.Pair(t.Context()))
		}
		require.Empty(t, c.bonds, "without bonding")
		c.cfg.Pairing = nil
		require.Equal(t, errNoPairing, l.Pair(t.Context()))
		c.Forget("nonsense")
	})
}

// A refusal over an encrypted link is passed on; pairing again would not help.
func TestRefusedOverEncryptedLink(t *testing.T) {
	calls := 0
	count := func(call int, frames []byte) []byte { calls = call; return frames }
	pairBubble(t, Pairing{}, count, func(t *testing.T, _ *Central, l *Link, _ *sim.Controller) {
		value := client.BLECharacteristic{Handle: 9}
		require.NoError(t, l.Write(t.Context(), value, []byte("x")))
		paired := calls
		require.NotZero(t, paired)
		require.Equal(t, ble.ATTInsufficientAuthentication, l.Write(t.Context(), value, []byte("more")))
		require.NoError(t, l.Write(t.Context(), value, []byte("x")))
		require.Equal(t, paired, calls)
	})
}
