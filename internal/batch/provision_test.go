// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// provisionOne runs a batch with one row for a simulated device.
func provisionOne(t *testing.T, device *simdevice.Tested, row batch.Device, cfg batch.Config) *batch.Outcome {
	t.Helper()
	open := func(_ context.Context, _ *batch.Device, cfg client.Config) (*client.Client, error) {
		transport, err := device.Dial()
		if err != nil {
			return nil, err
		}
		return client.New(transport, cfg)
	}
	var got *batch.Outcome
	cfg.Provision = batch.Provisioner(open, time.Second, 2*time.Minute)
	cfg.Record = func(all []*batch.Outcome) error { got = all[0]; return nil }
	cfg.Event = func(batch.Event) {}
	_, err := batch.Run(t.Context(), cfg, func(yield func(*batch.Device, error) bool) { yield(&row, nil) })
	require.NoError(t, err)
	return got
}

var right = batch.Device{Name: "PROV_1", PoP: simdevice.DefaultPoP, SSID: string(simdevice.Right.SSID), Passphrase: simdevice.Right.Passphrase}

// The times of all phases are those of the device.
func TestProvision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{})
		o := provisionOne(t, device, right, batch.Config{})
		require.NoError(t, o.Err)
		require.Equal(t, netip.MustParseAddr("192.168.1.77"), o.IP)
		require.Equal(t, [batch.Phases]time.Duration{batch.Joining: 2 * time.Second}, o.Times)
		require.Equal(t, 1, o.Attempts)
		require.Equal(t, batch.StatusDone, o.Status())
	})
}

// What devices answer becomes the reasons of a report, and tries that may help are made.
func TestProvisionReasons(t *testing.T) {
	for name, c := range map[string]struct {
		device simdevice.Config
		change func(*batch.Device)
		reason batch.Reason
		tries  int
	}{
		"wrong pop":                 {change: func(d *batch.Device) { d.PoP = "other" }, reason: batch.WrongPoP, tries: 2},
		"wrong password":            {device: simdevice.Config{Security: simdevice.Security2("wifiprov", "abcd1234")}, change: func(d *batch.Device) { d.PoP, d.Username, d.Password = "", "wifiprov", "other" }, reason: batch.WrongPassword, tries: 2},
		"wrong passphrase":          {change: func(d *batch.Device) { d.Passphrase = "other horse" }, reason: batch.WrongPassphrase, tries: 1},
		"network not found":         {change: func(d *batch.Device) { d.SSID = "Office" }, reason: batch.NetworkNotFound, tries: 1},
		"invalid":                   {change: func(d *batch.Device) { d.SSID = "" }, reason: batch.WrongPassphrase, tries: 1},
		"downgrade":                 {device: simdevice.Config{Security: simdevice.Security0()}, reason: batch.WrongSecurity, tries: 1},
		"link cut at handshake":     {device: faulty(simdevice.CutLink, "prov-session")},
		"answer lost":               {device: faulty(simdevice.DropAnswer, "prov-config")},
		"session lost":              {device: faulty(simdevice.StaleSession, "prov-config")},
		"power cut":                 {device: simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.PowerCut, Endpoint: "prov-config", For: 3 * time.Second}}}},
		"reboot":                    {device: faulty(simdevice.Reboot, "prov-config")},
		"link lost while it joins":  {device: simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.DropAnswer, Endpoint: "prov-config", Request: 2}}}},
		"network lost at first":     {device: simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.RefuseJoin, Reason: hal.ReasonAssocTooMany, Times: 1}}}},
		"does not answer at all":    {device: simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.DropAnswer, Endpoint: "proto-ver", Times: -1}}}, reason: batch.TimedOut, tries: 3},
		"answers nonsense for ever": {device: simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.TruncateAnswer, Endpoint: "prov-session", Times: -1, Bytes: 3}}}, reason: batch.BadAnswer, tries: 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			device := simdevice.Test(t, c.device)
			row := right
			if c.change != nil {
				c.change(&row)
			}
			o := provisionOne(t, device, row, batch.Config{Retries: 2, Backoff: 2 * time.Second})
			require.Equal(t, c.reason, o.Reason, "%s: %v", name, o.Err)
			if c.tries > 0 {
				require.Equal(t, c.tries, o.Attempts, name)
			}
			if c.reason == "" {
				require.True(t, device.Provisioned(), name)
			}
		})
	}
}

func faulty(kind simdevice.FaultKind, endpoint string) simdevice.Config {
	return simdevice.Config{Faults: []simdevice.Fault{{Kind: kind, Endpoint: endpoint}}}
}

// A try has a time limit, and waiting for one's turn is no part of it.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := simdevice.Test(t, simdevice.Config{Faults: []simdevice.Fault{{Kind: simdevice.DropAnswer, Endpoint: "prov-config", Times: -1}}})
		open := func(_ context.Context, _ *batch.Device, cfg client.Config) (*client.Client, error) {
			time.Sleep(time.Minute)
			transport, err := device.Dial()
			require.NoError(t, err)
			return client.New(transport, cfg)
		}
		began := time.Now()
		_, err := batch.Provisioner(open, time.Second, 10*time.Second)(t.Context(), &batch.Try{Device: &right, Reached: func(batch.Phase) {}})
		require.Equal(t, time.Minute+10*time.Second, time.Since(began))
		reason, class := batch.Classify(err)
		require.Equal(t, batch.TimedOut, reason)
		require.Equal(t, batch.Network, class)
	})
}

// A batch that goes on asks a device first: one that has joined since is done, one that
// joins is waited for, and one that failed is told anew.
func TestAskFirst(t *testing.T) {
	for name, before := range map[string]func(*simdevice.Tested, *client.Client) error{
		"fresh":   func(*simdevice.Tested, *client.Client) error { return nil },
		"joining": func(_ *simdevice.Tested, c *client.Client) error { return apply(c, simdevice.Right) },
		"joined": func(_ *simdevice.Tested, c *client.Client) error {
			defer time.Sleep(10 * time.Second)
			return apply(c, simdevice.Right)
		},
		"failed": func(_ *simdevice.Tested, c *client.Client) error {
			defer time.Sleep(time.Minute)
			return apply(c, client.Credentials{SSID: "Office"})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			device := simdevice.Test(t, simdevice.Config{App: simdevice.App{NoAutoStop: true}})
			phone := device.Phone(client.Config{})
			require.NoError(t, phone.Connect(t.Context()))
			require.NoError(t, before(device, phone), name)
			require.NoError(t, phone.Close())
			o := provisionOne(t, device, right, batch.Config{AskFirst: true})
			require.NoError(t, o.Err, name)
			require.Equal(t, 1, o.Attempts)
			require.True(t, device.Provisioned())
		})
	}
}

func apply(c *client.Client, cr client.Credentials) error {
	if err := c.Configure(context.Background(), cr); err != nil {
		return err
	}
	return c.Apply(context.Background())
}
