// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

func TestFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := fleet.Config{Networks: []sim.APConfig{simdevice.Home}}
		for i := range 20 {
			cfg.Devices = append(cfg.Devices, simdevice.Config{Name: fmt.Sprintf("PROV_%02d", i), Transport: simdevice.Transport(i % 3), KeepExchanges: 4})
		}
		f, err := fleet.New(cfg)
		require.NoError(t, err)
		defer f.Close()
		ends, exchanges, last := 0, 0, uint64(0)
		defer f.Subscribe(func(e fleet.Event) {
			require.Equal(t, last+1, e.Number)
			last = e.Number
			switch {
			case e.Exchange != nil:
				exchanges++
			case e.Name() == "PROV_END":
				ends++
			}
		})()
		require.NoError(t, f.Start())
		for _, d := range f.Devices() {
			c, err := d.Client(client.Config{PollInterval: time.Second})
			require.NoError(t, err)
			_, err = c.Provision(t.Context(), simdevice.Right)
			require.NoError(t, err)
			require.NoError(t, c.Close())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 20, ends)
		require.NotZero(t, exchanges)
		require.Equal(t, 20, f.Network("HomeNet").Stations())
	})
}

func TestBadFleets(t *testing.T) {
	for _, cfg := range []fleet.Config{
		{Devices: []simdevice.Config{{}}},
		{Devices: []simdevice.Config{{Name: "a"}, {Name: "a"}}},
		{Devices: []simdevice.Config{{Name: "a", Transport: 9}}},
		{Networks: []sim.APConfig{{SSID: "x", Channel: 200}}},
		{Changes: []fleet.Change{{Do: "x"}}},
		{Changes: []fleet.Change{{Do: fleet.Vanish, At: -1}}},
		{Changes: []fleet.Change{{Do: fleet.Vanish, Reason: 1}}},
		{Changes: []fleet.Change{{Do: fleet.Add, Config: sim.APConfig{Channel: 200}}}},
	} {
		_, err := fleet.New(cfg)
		require.Error(t, err)
	}
}

// Changes of the air come at their times, and Close ends those to come.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := simdevice.Home
		other.SSID, other.Absent = "Other", true
		changed := simdevice.Home
		changed.Channel = 11
		f, err := fleet.New(fleet.Config{
			Networks: []sim.APConfig{simdevice.Home, other},
			Changes: []fleet.Change{
				{At: time.Minute, Do: fleet.Configure, Network: "HomeNet", Config: changed},
				{At: 10 * time.Second, Do: fleet.Appear, Network: "Other"},
				{At: 20 * time.Second, Do: fleet.Kick, Network: "HomeNet", Reason: hal.ReasonAuthExpire},
				{At: 30 * time.Second, Do: fleet.Vanish, Network: "HomeNet"},
				{At: 40 * time.Second, Do: fleet.Add, Network: "New", Config: sim.APConfig{SSID: "New"}},
				{At: 50 * time.Second, Do: fleet.Vanish, Network: "Nobody"},
				{At: time.Hour, Do: fleet.Appear, Network: "HomeNet"},
			},
		})
		require.NoError(t, err)
		var lines []string
		start := time.Now()
		defer f.Subscribe(func(e fleet.Event) {
			require.Empty(t, e.Device)
			lines = append(lines, fmt.Sprint(e.Time.Sub(start), " ", e.Event))
		})()
		require.NoError(t, f.Start())
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		f.Close()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Equal(t, []string{
			"10s FAULT appear Other", "20s FAULT kick HomeNet", "30s FAULT vanish HomeNet", "40s FAULT add New",
			`50s ERROR there is no network "Nobody"`, "1m0s FAULT configure HomeNet",
		}, lines)
		require.False(t, f.Network("Other").Config().Absent)
		require.Equal(t, uint8(11), f.Network("HomeNet").Config().Channel)
		require.NotNil(t, f.Network("New"))
	})
}
