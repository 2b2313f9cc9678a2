// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
)

// What the application did before, and does beside.
func TestForeignWiFi(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		var got []hal.Event
		dev.Subscribe(func(e hal.Event) { got = append(got, e) })
		// A scan and a disconnect by somebody else are not ours.
		idf.Post(idf.PostScanDone, hal.Event{}, hal.AccessPoint{})
		idf.Post(idf.PostDisconnected, hal.Event{Reason: hal.ReasonAssocLeave}, hal.AccessPoint{})
		dev.Pump(0)
		require.Empty(t, got)
		// A failed attempt to join is told.
		idf.Post(idf.PostDisconnected, hal.Event{Reason: hal.ReasonAuthFail}, hal.AccessPoint{})
		dev.Pump(0)
		require.Equal(t, []hal.Event{{Kind: hal.EventDisconnected, Reason: hal.ReasonAuthFail}}, got)

		// An address that goes, and comes back.
		require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
		require.NoError(t, dev.Connect())
		time.Sleep(time.Minute)
		dev.Pump(0)
		_, err := dev.Link()
		require.NoError(t, err)
		idf.Post(idf.PostLostIP, hal.Event{}, hal.AccessPoint{})
		dev.Pump(0)
		_, err = dev.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		idf.Post(idf.PostGotIP, hal.Event{IP: hal.IPv4{192, 168, 1, 77}}, hal.AccessPoint{})
		dev.Pump(0)
		_, err = dev.Link()
		require.NoError(t, err)
	})
}

// There is one chip; and Open knows of a link that the application has.
func TestOpen(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		_, err := idf.Open(idf.Config{})
		require.ErrorIs(t, err, hal.ErrBusy)
		require.NoError(t, dev.Close())
		require.NoError(t, dev.Close())

		// The application's own Wi-Fi, with a link.
		require.Zero(t, chip.WiFiInit())
		require.Zero(t, chip.SetMode(hal.ModeSTA))
		require.Zero(t, chip.SetStation(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
		require.Zero(t, chip.WiFiStart())
		require.Zero(t, chip.WiFiConnect())
		time.Sleep(time.Minute)
		dev, err = idf.Open(idf.Config{})
		require.NoError(t, err)
		link, err := dev.Link()
		require.NoError(t, err)
		require.Equal(t, hal.SSID("HomeNet"), link.AP.SSID)
		info, err := dev.JoinInfo()
		require.NoError(t, err)
		require.Equal(t, hal.JoinDone, info.Step)
		require.NoError(t, dev.Close())
		require.Equal(t, "the Wi-Fi driver", chip.Left(), "it is the application's")

		// A link whose address is still to come.
		require.Zero(t, chip.WiFiDisconnect())
		require.Zero(t, chip.SetStation(hal.StationConfig{SSID: "SlowDHCP"}))
		time.Sleep(time.Second)
		require.Zero(t, chip.WiFiConnect())
		time.Sleep(time.Second)
		dev, err = idf.Open(idf.Config{})
		require.NoError(t, err)
		_, err = dev.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)
		require.NoError(t, dev.Connect(), "there is a link")
		time.Sleep(time.Minute)
		dev.Pump(0)
		_, err = dev.Link()
		require.NoError(t, err)
		require.NoError(t, dev.Close())
		require.Zero(t, chip.WiFiDeinit())
	})
}

// heldChip is a chip on which a task is interrupted as it gives a semaphore.
type heldChip struct {
	*idftest.Chip
	armed            atomic.Bool
	reached, release chan struct{}
}

func (c *heldChip) SemGive(s uintptr) bool {
	if c.armed.CompareAndSwap(true, false) {
		close(c.reached)
		<-c.release
	}
	return c.Chip.SemGive(s)
}

// Close takes nothing away that another task is at.
func TestCloseWhileAnotherTaskWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := &heldChip{
			Chip:    idftest.New(t, idftest.Config{Air: newAir(t)}),
			reached: make(chan struct{}), release: make(chan struct{}),
		}
		idf.SetChip(chip)
		dev, err := idf.Open(idf.Config{})
		require.NoError(t, err)
		chip.armed.Store(true)
		woken := make(chan struct{})
		go func() {
			defer close(woken)
			dev.Wake()
		}()
		<-chip.reached
		closed := make(chan error, 1)
		go func() { closed <- dev.Close() }()
		time.Sleep(5 * time.Millisecond)
		close(chip.release)
		<-woken
		require.NoError(t, <-closed)
	})
}

// A configuration that is set while the station joins breaks that off.
func TestConfigWhileJoining(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		var got []hal.Event
		dev.Subscribe(func(e hal.Event) { got = append(got, e) })
		require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}))
		require.NoError(t, dev.Connect())
		require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
		require.NoError(t, dev.Connect())
		for len(got) < 3 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, hal.ReasonAssocLeave, got[0].Reason)
		require.Equal(t, hal.EventGotIP, got[2].Kind)
	})
}

// ESP-IDF promises STA_DISCONNECTED after esp_wifi_disconnect to a station that is
// connected. One that only joins says that it has left in any case, and what it
// does next is not taken for what it did before.
func TestDisconnectWhileJoining(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		chip.SetQuiet(true)
		var got []hal.Event
		dev.Subscribe(func(e hal.Event) { got = append(got, e) })
		left := hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonAssocLeave}
		require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
		require.NoError(t, dev.Connect())
		require.NoError(t, dev.Disconnect())
		began := time.Now()
		for len(got) < 1 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, []hal.Event{left}, got)
		require.Equal(t, time.Second, time.Since(began))

		// The next attempt is through before that time is over.
		require.NoError(t, dev.Connect())
		require.NoError(t, dev.Disconnect())
		require.NoError(t, dev.Connect())
		for len(got) < 4 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, left, got[1])
		require.Equal(t, hal.EventConnected, got[2].Kind)
		require.Equal(t, hal.EventGotIP, got[3].Kind)
		_, err := dev.Link()
		require.NoError(t, err)
		time.Sleep(time.Minute)
		dev.Pump(0)
		require.Len(t, got, 4)
		_, err = dev.Link()
		require.NoError(t, err)
	})
}

// An application that stops Wi-Fi ends what the station does.
func TestStopByTheApplication(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
			chip.SetQuiet(quiet)
			var got []hal.Event
			require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
			require.NoError(t, dev.Connect())
			dev.Subscribe(func(e hal.Event) { got = append(got, e) })
			require.Zero(t, chip.WiFiStop())
			for range 5 {
				dev.Pump(time.Second)
			}
			require.Equal(t, []hal.Event{{Kind: hal.EventDisconnected, Reason: hal.ReasonAssocLeave}}, got)
			require.NoError(t, dev.SetMode(hal.ModeSTA))
			require.NoError(t, dev.Start())
			require.NoError(t, dev.Connect(), "not busy any more")
			time.Sleep(time.Minute)
			dev.Pump(0)
			_, err := dev.Link()
			require.NoError(t, err)
		})
	}
}
