// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/tinygotest"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// errFault is a failure of the driver that says nothing.
var errFault = errors.New("fault of the driver")

// Every scenario on a board under TinyGo, over the schemes that need no SoftAP.
func TestSuiteOnRadio(t *testing.T) {
	t.Run("BLE", func(t *testing.T) { Suite(t, RadioBLERig) })
	t.Run("loop", func(t *testing.T) { Suite(t, RadioLoopRig) })
	t.Run("console", func(t *testing.T) { Suite(t, RadioConsoleRig) })
}

// provisionBySoftAP runs fn with a device whose SoftAP takes turns, and phones.
func provisionBySoftAP(t *testing.T, change func(*wifiprov.Config), fn func(t *testing.T, d *RadioDevice, s *story, h *hotspot)) {
	synctest.Test(t, func(t *testing.T) {
		d := NewRadio(t)
		h := &hotspot{}
		d.Driver.OnAP = h.onAP
		r := d.rig()
		r.Config.Scheme = softap.New(softap.Config{AP: d.WiFi, Server: httpd.Config{Listen: h.network.Listen}})
		r.Config.Attempts = 2
		if change != nil {
			change(&r.Config)
		}
		r.Dial = h.transport(t)
		s := newStory(t, r, 1)
		t.Cleanup(func() {
			require.NoError(t, s.manager.Deinit())
			s.Close()
		})
		s.boot()
		fn(t, d, s, h)
	})
}

// outcome is a phone that asks until it is told, and joins the SoftAP again when
// it was lost.
func (s *story) outcome() client.Status {
	for try := 0; ; try++ {
		require.Less(s.t, try, 60)
		c := s.dial(client.Config{})
		status, err := client.Status{}, c.Connect(s.t.Context())
		if err == nil {
			status, err = c.Status(s.t.Context())
		}
		_ = c.Close()
		if err == nil && status.State != client.StateConnecting {
			return status
		}
		time.Sleep(2 * time.Second)
	}
}

// By SoftAP: a phone scans, is disconnected while its credentials are tried, and
// reads the outcome when it is back.
func TestRadioSoftAPStory(t *testing.T) {
	provisionBySoftAP(t, nil, func(t *testing.T, d *RadioDevice, s *story, h *hotspot) {
		apply := func(cr client.Credentials) {
			s.client(client.Config{}, func(c *client.Client) {
				require.NoError(t, c.Configure(t.Context(), cr))
				require.NoError(t, c.Apply(t.Context()))
			})
		}
		s.client(client.Config{}, func(c *client.Client) {
			for _, groups := range []int{0, 5} {
				found, err := c.Scan(t.Context(), client.ScanOptions{GroupChannels: groups})
				require.NoError(t, err)
				require.Equal(t, []client.Network{{SSID: Home.SSID, RSSI: int(Home.RSSI), Auth: hal.AuthWPA2PSK}}, found)
			}
		})
		require.Zero(t, h.gaps, "a scan does not cost the SoftAP")
		apply(Wrong)
		status := s.outcome()
		require.Equal(t, client.StateFailed, status.State)
		require.Equal(t, 2, h.gaps, "two attempts")
		s.client(client.Config{}, func(c *client.Client) { require.NoError(t, c.Reset(t.Context())) })
		apply(Right)
		status = s.outcome()
		require.Equal(t, client.StateConnected, status.State)
		require.Equal(t, "192.168.1.77", status.Connection.IP.String())
		require.Equal(t, 3, h.gaps)
		require.Zero(t, d.Home.Stations(), "the SoftAP has the radio")

		online := make(chan hal.Event, 4)
		cancel := d.WiFi.Subscribe(func(e hal.Event) { online <- e })
		defer cancel()
		s.manager.Wait()
		require.Equal(t, hal.EventConnected, (<-online).Kind)
		require.Equal(t, hal.EventGotIP, (<-online).Kind)
		require.Equal(t, 1, d.Home.Stations())
		require.Equal(t, []string{"INIT", "START", "CRED_RECV", "CRED_FAIL", "CRED_RECV", "CRED_SUCCESS", "END"}, s.told())
		s.keeps(Right)
	})
}

// A client that goes on asking on its own loses the SoftAP, connects again when it
// is back, and is told the outcome, whichever it is.
func TestRadioSoftAPClientAsksOn(t *testing.T) {
	provisionBySoftAP(t, nil, func(t *testing.T, d *RadioDevice, s *story, h *hotspot) {
		c := s.dial(client.Config{})
		_, err := c.Provision(t.Context(), Wrong)
		require.ErrorIs(t, err, client.ErrAuth)
		require.Equal(t, 2, h.gaps, "two attempts")
		require.NoError(t, c.Reset(t.Context()))
		conn, err := c.Provision(t.Context(), Right)
		require.NoError(t, err)
		require.Equal(t, "192.168.1.77", conn.IP.String())
		require.Equal(t, 3, h.gaps)
		require.NoError(t, c.Close())
	})
}

// A client that never comes back does not keep the device from its network.
func TestRadioSoftAPClientStaysAway(t *testing.T) {
	provisionBySoftAP(t, nil, func(t *testing.T, d *RadioDevice, s *story, _ *hotspot) {
		s.client(client.Config{}, func(c *client.Client) {
			require.NoError(t, c.Configure(t.Context(), Right))
			require.NoError(t, c.Apply(t.Context()))
		})
		s.manager.Wait() // 30 s after success
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, d.Home.Stations())
		_, err := d.WiFi.Link()
		require.NoError(t, err)
	})
}

// A network that refuses in a way that does not settle the matter: the SoftAP
// comes back between attempts, also without a limit of them.
func TestRadioSoftAPComesBackBetweenAttempts(t *testing.T) {
	provisionBySoftAP(t, func(c *wifiprov.Config) { c.Attempts = 0 }, func(t *testing.T, d *RadioDevice, s *story, h *hotspot) {
		home := d.Home.Config()
		home.Refuse = hal.ReasonAssocTooMany
		require.NoError(t, d.Home.Configure(home))
		s.client(client.Config{}, func(c *client.Client) {
			require.NoError(t, c.Configure(t.Context(), Right))
			require.NoError(t, c.Apply(t.Context()))
		})
		open := time.Duration(0)
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			h.mu.Lock()
			if h.open {
				open += 100 * time.Millisecond
			}
			h.mu.Unlock()
		}
		require.Equal(t, 3, h.gaps, "1 s, 21.5 s and 42 s after Apply")
		require.Greater(t, open, 50*time.Second)
		home.Refuse = 0
		require.NoError(t, d.Home.Configure(home))
		require.Equal(t, client.StateConnected, s.outcome().State)
	})
}

// Every call of the driver fails once in a provisioning: the client succeeds, or
// is told of a failure and succeeds at its next try.
func TestRadioEveryDriverFault(t *testing.T) {
	rigs := map[string]func(*testing.T) *Rig{"BLE": RadioBLERig, "console": RadioConsoleRig}
	for name, open := range rigs {
		for _, call := range tinygotest.Calls {
			for nth := 1; nth <= 4; nth++ {
				t.Run(fmt.Sprint(name, " ", call, " ", nth), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := open(t)
						n := 0
						r.Config.WiFi.(*rebooting).driver.Fault = func(c tinygotest.Call) error {
							if c == call {
								if n++; n == nth {
									return errFault
								}
							}
							return nil
						}
						s := newStory(t, r, 1)
						t.Cleanup(func() {
							require.NoError(t, s.manager.Deinit())
							s.Close()
						})
						require.NoError(t, s.manager.Init(r.Config))
						err := s.manager.StartProvisioning(security(t, 1), "PROV_TEST", "")
						if err != nil {
							require.ErrorIs(t, err, errFault)
							if call == tinygotest.Enable {
								return // until the chip is reset
							}
							require.NoError(t, s.manager.StartProvisioning(security(t, 1), "PROV_TEST", ""))
						}
						s.client(client.Config{}, func(c *client.Client) {
							_, err := c.Scan(t.Context(), client.ScanOptions{})
							require.NoError(t, err)
							if _, err := c.Provision(t.Context(), Right); err != nil {
								require.NoError(t, c.Reset(t.Context()))
								s.joins(c, Right)
							}
						})
						s.keeps(Right)
					})
				})
			}
		}
	}
}

// A device that was provisioned joins at boot, and again after a loss.
func TestRadioJoinsAtBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewRadio(t)
		defer d.Close()
		partition, err := nvs.Open(d.Flash, nvs.Options{})
		require.NoError(t, err)
		require.NoError(t, wifistore.Save(partition, hal.StationConfig{SSID: Home.SSID, Passphrase: Home.Passphrase}))
		require.NoError(t, d.Reboot())
		stored, err := d.WiFi.StationConfig()
		require.NoError(t, err)
		require.NotEmpty(t, stored.SSID)
		d.WiFi.Subscribe(func(e hal.Event) {
			if e.Kind == hal.EventStationStart || e.Kind == hal.EventDisconnected {
				_ = d.WiFi.Connect()
			}
		})
		require.NoError(t, d.WiFi.Start())
		time.Sleep(time.Second)
		require.Equal(t, 1, d.Home.Stations())
		d.Home.Kick(hal.ReasonAuthLeave)
		time.Sleep(tinygo.DefaultProbe + time.Second)
		require.Equal(t, 1, d.Home.Stations())
	})
}
