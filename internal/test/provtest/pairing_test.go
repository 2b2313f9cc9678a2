// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/ble/bondstore"
	"github.com/wifiprov/wifiprov/hal/ble/smp"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/store"
)

// manager returns a security manager.
func manager(t testing.TB, cfg smp.Config) *smp.Manager {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	m, err := smp.New(cfg)
	require.NoError(t, err)
	return m
}

// Whole provisionings over links that have to be encrypted: legacy pairing and
// Secure Connections, asked for by either side, with bonding and without, and
// with MTU 23. No value crosses the air in the clear; a bonded phone comes back
// without pairing.
func TestQT22_EncryptedProvisioning(t *testing.T) {
	for _, legacyDevice := range []bool{false, true} {
		for _, legacyPhone := range []bool{false, true} {
			for _, bonding := range []bool{false, true} {
				for _, mtu := range []int{23, 256} {
					t.Run(fmt.Sprint("device legacy ", legacyDevice, ", phone legacy ", legacyPhone, ", bonding ", bonding, ", MTU ", mtu), func(t *testing.T) {
						bleBubble(t, att.Config{Pairing: manager(t, smp.Config{}), MTU: mtu}, func(t *testing.T, d *BLEDevice) {
							d.Scheme.Encrypt, d.Scheme.Bonding, d.Scheme.LegacyPairing = true, bonding, legacyDevice
							d.Start(true)
							c, phone := d.Phone(client.Config{}, blecentral.Config{Pairing: &blecentral.Pairing{Legacy: legacyPhone, Bonding: bonding}})
							log := listen(phone)
							require.NoError(t, c.Connect(t.Context()))
							synctest.Wait()
							frames := log.taken()
							require.Greater(t, checkEncrypted(t, frames, ble.ATTInsufficientAuthentication), 2)
							publicKeys := 0
							for _, f := range frames {
								if f.channel == 6 && f.pdu[0] == 0x0C {
									publicKeys++
								}
							}
							require.Equal(t, map[bool]int{true: 0, false: 2}[legacyDevice || legacyPhone], publicKeys)

							// The link is lost; the phone comes back.
							phone.Drop(ble.ReasonSupervisionTimeout)
							time.Sleep(time.Second)
							require.ErrorIs(t, c.Connect(t.Context()), blecentral.ErrLinkLost)
							require.NoError(t, c.Connect(t.Context()))
							_, err := c.Provision(t.Context(), Right)
							require.NoError(t, err)
							synctest.Wait()
							frames = log.taken()
							refusal, paired := ble.ATTInsufficientAuthentication, false
							if bonding {
								refusal = ble.ATTInsufficientEncryption
							}
							require.Greater(t, checkEncrypted(t, frames, refusal), 4)
							for _, f := range frames {
								paired = paired || f.channel == 6
							}
							require.NotEqual(t, bonding, paired)
							require.NoError(t, c.Close())
						})
					})
				}
			}
		}
	}
}

// Every scenario over an encrypted link, under every security.
func TestSuiteOverEncryptedLinks(t *testing.T) {
	for name, tc := range map[string]struct {
		legacy, bonding bool
		mtu             int
	}{
		"legacy, MTU 23": {true, false, 23}, "legacy, bonding": {true, true, 256},
		"secure connections, MTU 23": {false, true, 23}, "secure connections": {false, false, 256},
	} {
		t.Run(name, func(t *testing.T) {
			Suite(t, func(t *testing.T) *Rig {
				d := NewBLE(t, sim.AirConfig{}, att.Config{Pairing: manager(t, smp.Config{}), MTU: tc.mtu})
				d.Scheme.Encrypt, d.Scheme.Bonding, d.Scheme.LegacyPairing = true, tc.bonding, tc.legacy
				r := d.rig()
				r.Config = d.Config()
				r.Dial = func() client.Transport {
					return d.Dial(blecentral.Config{Pairing: &blecentral.Pairing{Bonding: tc.bonding}})
				}
				return r
			})
		})
	}
}

// The link breaks after every single packet of a pairing, those of the link layer
// included: the next phone pairs and provisions the device, the same phone comes
// back, and nothing is left. If the phone had finished and the device had not, the
// phone has to forget its keys first.
func TestPairingBrokenAfterEveryPacket(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		n, forgotten := 1, 0
		for broken := true; broken; n++ {
			bleBubble(t, att.Config{Pairing: manager(t, smp.Config{})}, func(t *testing.T, d *BLEDevice) {
				d.Scheme.Encrypt, d.Scheme.Bonding = true, true
				d.Start(true)
				cfg := blecentral.Config{Pairing: &blecentral.Pairing{Legacy: legacy, Bonding: true}}
				phone, err := d.Air.NewController(sim.ControllerConfig{})
				require.NoError(t, err)
				central, err := blecentral.New(phone, cfg)
				require.NoError(t, err)
				transport, err := client.NewBLE(client.BLEConfig{Central: central})
				require.NoError(t, err)
				victim, err := client.New(transport, client.Config{PoP: PoP})
				require.NoError(t, err)
				d.Controller.CutAfter(n)
				broken = victim.Connect(t.Context()) != nil
				d.Controller.CutAfter(-1)
				next, _ := d.Phone(client.Config{}, cfg)
				time.Sleep(5 * time.Second) // the device has noticed
				if broken {
					require.NoError(t, next.Connect(t.Context()), "packet %d", n)
					require.NoError(t, next.Close())
					time.Sleep(time.Second)
					err := victim.Connect(t.Context())
					if errors.Is(err, blecentral.ErrLinkLost) { // it finds out only now
						err = victim.Connect(t.Context())
					}
					if errors.Is(err, blecentral.ErrKeyMissing) {
						forgotten++
						mac := d.Board.MAC() // two less than Bluetooth's address
						central.Forget(fmt.Sprintf("00%02x%02x%02x%02x%02x%02x", mac[5]+2, mac[4], mac[3], mac[2], mac[1], mac[0]))
						err = victim.Connect(t.Context())
					}
					require.NoError(t, err, "packet %d", n)
				}
				_, err = victim.Provision(t.Context(), Right)
				if !broken && errors.Is(err, blecentral.ErrLinkLost) { // after the last packet
					require.NoError(t, victim.Connect(t.Context()))
					_, err = victim.Provision(t.Context(), Right)
				}
				require.NoError(t, err, "packet %d", n)
				require.NoError(t, victim.Close())
				require.NoError(t, next.Close())
			})
			require.Less(t, n, 300)
		}
		t.Log(n, "packets")
		require.Greater(t, n, 40)
		require.LessOrEqual(t, forgotten, 4)
	}
}

// pair pairs a phone that is then disconnected. It returns its central.
func (d *BLEDevice) pair(t *testing.T, cfg blecentral.Pairing) (*blecentral.Central, client.Advertisement) {
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	require.NoError(t, err)
	c, err := blecentral.New(controller, blecentral.Config{Pairing: &cfg})
	require.NoError(t, err)
	var device client.Advertisement
	require.NoError(t, c.Scan(t.Context(), func(a client.Advertisement) bool {
		device = a
		return a.Name == ""
	}))
	l := connect(t, c, device)
	require.NoError(t, access(t, l))
	require.True(t, l.Encrypted())
	require.NoError(t, l.Close())
	return c, device
}

func connect(t *testing.T, c *blecentral.Central, device client.Advertisement) *blecentral.Link {
	l, err := c.Connect(t.Context(), device)
	require.NoError(t, err)
	return l.(*blecentral.Link)
}

// access reads the first value of the service.
func access(t *testing.T, l *blecentral.Link) error {
	_, err := l.Request(t.Context(), 0x0A, 9, 0)
	return err
}

// Either side forgets its keys, or has others. A phone that forgot pairs anew. To
// one whose keys the device forgot it says "PIN or key missing", and they can pair
// again when the phone has forgotten too: no reset, no second device.
func TestQT22_ForgottenKeys(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		bonds := smp.NewMemory(0)
		bleBubble(t, att.Config{Pairing: manager(t, smp.Config{Bonds: bonds})}, func(t *testing.T, d *BLEDevice) {
			d.Scheme.Encrypt, d.Scheme.Bonding = true, true
			d.Start(true)
			c, device := d.pair(t, blecentral.Pairing{Bonding: true, Legacy: legacy})
			var kept smp.Bond
			count := func() (n int) {
				require.NoError(t, bonds.Each(func(b smp.Bond) bool { n++; kept = b; return true }))
				return n
			}
			require.Equal(t, 1, count())

			l := connect(t, c, device) // nobody forgot
			require.NoError(t, access(t, l))
			require.NoError(t, l.Close())
			require.Equal(t, 1, count())
			old := kept

			c.Forget(device.Address)
			l = connect(t, c, device)
			require.NoError(t, access(t, l))
			require.NoError(t, l.Close())
			require.Equal(t, 1, count())
			require.NotEqual(t, old, kept)

			require.NoError(t, bonds.Delete(kept.Identity))
			l = connect(t, c, device)
			require.ErrorIs(t, access(t, l), blecentral.ErrKeyMissing)
			require.False(t, l.Encrypted())
			require.ErrorIs(t, access(t, l), blecentral.ErrKeyMissing, "the link stays")
			c.Forget(device.Address)
			require.NoError(t, access(t, l), "in the same connection")
			require.NoError(t, l.Close())

			require.Equal(t, 1, count())
			kept.LTK[3] ^= 1
			require.NoError(t, bonds.Store(kept))
			l = connect(t, c, device)
			require.ErrorIs(t, access(t, l), blecentral.ErrLinkLost)
			require.NoError(t, l.Close())
			c.Forget(device.Address)
			l = connect(t, c, device)
			require.NoError(t, access(t, l))
			require.NoError(t, l.Pair(t.Context()), "again, over the encrypted link")
			require.NoError(t, access(t, l))
			require.NoError(t, l.Close())
			require.Equal(t, 1, count())
		})
	}
}

// A phone with private addresses comes back under another one; a phone that bonds
// while the device does not, pairs each time.
func TestPairingPrivateAddresses(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		for _, bonding := range []bool{false, true} {
			bonds := smp.NewMemory(0)
			bleBubble(t, att.Config{Pairing: manager(t, smp.Config{Bonds: bonds})}, func(t *testing.T, d *BLEDevice) {
				d.Scheme.Encrypt, d.Scheme.Bonding = true, bonding
				d.Scheme.RandomAddress = [6]byte{0xC1, 2, 3, 4, 5, 6}
				d.Start(true)
				reads := 0
				cfg := blecentral.Pairing{Bonding: true, Legacy: legacy, IRK: [16]byte{5: 9}}
				cfg.Rand = readerFunc(func(b []byte) (int, error) { reads++; return rand.Read(b) })
				c, device := d.pair(t, cfg)
				first := reads
				for range 3 {
					reads = 0
					l := connect(t, c, device)
					require.NoError(t, access(t, l))
					require.NoError(t, l.Close())
					if bonding {
						require.Equal(t, 1, reads, "the address only")
					} else {
						require.Equal(t, first, reads)
					}
				}
				n := 0
				require.NoError(t, bonds.Each(func(b smp.Bond) bool {
					n++
					require.Zero(t, b.Identity[0], "the public address")
					return true
				}))
				require.Equal(t, map[bool]int{true: 1, false: 0}[bonding], n)
			})
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// More phones bond than there is room for: the one that bonded first has to do so
// again, all are served.
func TestPairingManyPhones(t *testing.T) {
	bleBubble(t, att.Config{Pairing: manager(t, smp.Config{})}, func(t *testing.T, d *BLEDevice) {
		d.Scheme.Encrypt, d.Scheme.Bonding = true, true
		d.Start(true)
		var phones []*blecentral.Central
		var device client.Advertisement
		for range smp.DefaultBonds + 1 {
			c, a := d.pair(t, blecentral.Pairing{Bonding: true})
			phones, device = append(phones, c), a
		}
		for i, c := range phones {
			l := connect(t, c, device)
			err := access(t, l)
			if i == 0 {
				require.ErrorIs(t, err, blecentral.ErrKeyMissing)
			} else {
				require.NoError(t, err, "%d", i)
			}
			require.NoError(t, l.Close())
		}
	})
}

// Without Encrypt values are open, and a phone may pair nevertheless. A phone
// without pairing is refused by a device that wants it; so is one that asks for
// pairing by a device without.
func TestPairingIsOptional(t *testing.T) {
	bleBubble(t, att.Config{Pairing: manager(t, smp.Config{})}, func(t *testing.T, d *BLEDevice) {
		d.Start(true)
		c, _ := d.Phone(client.Config{}, blecentral.Config{})
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Close())
		controller, err := d.Air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		central, err := blecentral.New(controller, blecentral.Config{Pairing: &blecentral.Pairing{}})
		require.NoError(t, err)
		var device client.Advertisement
		require.NoError(t, central.Scan(t.Context(), func(a client.Advertisement) bool { device = a; return false }))
		l := connect(t, central, device)
		require.NoError(t, access(t, l))
		require.False(t, l.Encrypted())
		require.NoError(t, l.Pair(t.Context()))
		require.True(t, l.Encrypted())
		require.NoError(t, l.Close())
	})
	bleBubble(t, att.Config{Pairing: manager(t, smp.Config{})}, func(t *testing.T, d *BLEDevice) {
		d.Scheme.Encrypt = true
		d.Start(true)
		c, _ := d.Phone(client.Config{}, blecentral.Config{})
		require.ErrorIs(t, c.Connect(t.Context()), ble.ATTInsufficientAuthentication)
		require.NoError(t, c.Close())
	})
	bleBubble(t, att.Config{}, func(t *testing.T, d *BLEDevice) {
		d.Start(true)
		controller, err := d.Air.NewController(sim.ControllerConfig{})
		require.NoError(t, err)
		central, err := blecentral.New(controller, blecentral.Config{Pairing: &blecentral.Pairing{}})
		require.NoError(t, err)
		var device client.Advertisement
		require.NoError(t, central.Scan(t.Context(), func(a client.Advertisement) bool { device = a; return false }))
		l := connect(t, central, device)
		require.Equal(t, blecentral.PairingError(5), l.Pair(t.Context()))
		require.NoError(t, access(t, l))
		require.NoError(t, l.Close())
	})
}

// The attack: a phone has paired by Secure Connections and come back. Strangers pair one after another, of whom one says by legacy pairing that
// he is the phone. It comes back again without pairing; with bonds in memory and in
// the board's flash.
func TestStrangersTakeNoBond(t *testing.T) {
	for name, bonds := range map[string]func() smp.Bonds{
		"memory": func() smp.Bonds { return smp.NewMemory(0) },
		"store": func() smp.Bonds {
			b, err := bondstore.New(new(store.Memory), 0)
			require.NoError(t, err)
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			bleBubble(t, att.Config{Pairing: manager(t, smp.Config{Bonds: bonds()})}, func(t *testing.T, d *BLEDevice) {
				d.Scheme.Encrypt, d.Scheme.Bonding = true, true
				d.Start(true)
				controller, err := d.Air.NewController(sim.ControllerConfig{})
				require.NoError(t, err)
				phone, attacker := &port{Controller: controller}, &port{Controller: controller}
				central := func(p *port, legacy bool) *blecentral.Central {
					c, err := blecentral.New(p, blecentral.Config{Pairing: &blecentral.Pairing{Bonding: true, Legacy: legacy}})
					require.NoError(t, err)
					return c
				}
				honest, liar := central(phone, false), central(attacker, true)
				_, device := d.pair(t, blecentral.Pairing{Bonding: true})
				log := listen(controller)
				comes := func(p *port, c *blecentral.Central) (paired bool) {
					p.Controller.SetReceiver(p.fn)
					l := connect(t, c, device)
					require.NoError(t, access(t, l))
					require.True(t, l.Encrypted())
					require.NoError(t, l.Close())
					time.Sleep(time.Second)
					for _, f := range log.taken() {
						paired = paired || f.channel == 6
					}
					return paired
				}
				require.True(t, comes(phone, honest))
				require.False(t, comes(phone, honest))
				for range 2 * smp.DefaultBonds {
					d.pair(t, blecentral.Pairing{Bonding: true})
				}
				require.False(t, comes(phone, honest))
				require.True(t, comes(attacker, liar))
				require.False(t, comes(phone, honest))
			})
		})
	}
}

// port is one of several users of a controller, by turns.
type port struct {
	*sim.Controller
	fn func([]byte)
}

func (p *port) SetReceiver(fn func([]byte)) { p.fn = fn }
