// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
)

// settle lets everything happen that takes no time.
func settle() {
	time.Sleep(time.Millisecond)
	synctest.Wait()
}

// inTask runs fn as the task of a device, which is started in station mode.
func inTask(t *testing.T, fn func(t *testing.T, chip *idftest.Chip, dev *idf.Device)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		chip := idftest.New(t, idftest.Config{Air: newAir(t)})
		dev, err := idf.Open(idf.Config{Logger: idf.Log()})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, dev.Close()) })
		require.NoError(t, dev.SetMode(hal.ModeSTA))
		require.NoError(t, dev.Start())
		settle()
		dev.Pump(0)
		fn(t, chip, dev)
	})
}

// Timers run inside of Pump, in the order of their times and to the
// millisecond.
func TestTimers(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		began := time.Now()
		var log []string
		after := func(d time.Duration, name string) hal.Timer {
			return dev.AfterFunc(d, func() { log = append(log, fmt.Sprint(name, " ", time.Since(began))) })
		}
		after(20*time.Millisecond, "c")
		after(10*time.Millisecond, "a")
		after(10*time.Millisecond, "b")
		stopped := after(15*time.Millisecond, "never")
		after(-time.Second, "now")
		require.Empty(t, log, "called from inside of AfterFunc")
		require.True(t, stopped.Stop())
		require.False(t, stopped.Stop())
		for len(log) < 4 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, []string{"now 0s", "a 10ms", "b 10ms", "c 20ms"}, log)

		past := after(time.Millisecond, "d")
		for len(log) < 5 {
			dev.Pump(time.Hour) // may return early
		}
		require.False(t, past.Stop(), "it has happened")
		dev.Pump(30 * time.Millisecond)
		require.Equal(t, 51*time.Millisecond, time.Since(began), "Pump waits for as long as it may")
		dev.Pump(0)
		require.Equal(t, 51*time.Millisecond, time.Since(began), "Pump does not wait")
	})
}

// A timer that is armed elsewhere, and Wake, end the wait of a Pump.
func TestWake(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		dev.Pump(time.Millisecond)
		began := time.Now()
		time.AfterFunc(time.Second, dev.Wake)
		dev.Pump(time.Hour)
		require.Equal(t, time.Second, time.Since(began))
		var ran atomic.Bool
		time.AfterFunc(time.Second, func() { dev.AfterFunc(time.Second, func() { ran.Store(true) }) })
		for !ran.Load() {
			dev.Pump(time.Hour)
		}
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

// A Pump inside of a handler runs everything but the handler's own kind; what
// waited is run afterwards.
func TestPumpInsideOfHandlers(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		var log []string
		dev.Subscribe(func(e hal.Event) {
			log = append(log, e.Kind.String())
			if e.Kind != hal.EventScanDone {
				return
			}
			dev.AfterFunc(time.Millisecond, func() { log = append(log, "timer") })
			idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
			for range 3 {
				dev.Pump(10 * time.Millisecond)
			}
			log = append(log, "returns")
		})
		require.NoError(t, dev.StartScan(hal.ScanConfig{Channel: 1}))
		for len(log) < 4 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, []string{"ScanDone", "timer", "returns", "StationStart"}, log)
	})
}

// What Go was given runs in its order, one at a time, and outside of packets.
func TestGo(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		var log []string
		dev.Bluetooth().SetReceiver(func([]byte) {
			dev.Go(func() {
				log = append(log, "first")
				dev.Go(func() { log = append(log, "third") })
				idf.Packet([]byte{4}) // is received, but what it leads to waits
				dev.Pump(0)
				log = append(log, "over")
			})
			dev.PollController()
			log = append(log, "received")
			dev.Bluetooth().SetReceiver(func([]byte) { log = append(log, "packet") })
		})
		require.NoError(t, dev.Bluetooth().Send(hciReset))
		settle()
		for range 3 {
			dev.Pump(0)
		}
		require.Equal(t, []string{"received", "first", "packet", "over", "third"}, log)
	})
}

// PollController leaves events alone.
func TestPollLeavesEvents(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		events, timers := 0, 0
		dev.Subscribe(func(hal.Event) { events++ })
		dev.AfterFunc(0, func() { timers++ })
		idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
		dev.PollController()
		require.Equal(t, []int{0, 1}, []int{events, timers})
		dev.Pump(0)
		require.Equal(t, 1, events)
	})
}

// Subscribe: "for all events from now on", also with some that wait.
func TestSubscribeFromNowOn(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
		early, late := 0, 0
		dev.Subscribe(func(hal.Event) { late++ })
		dev.Pump(0)
		require.Zero(t, late)
		dev.Subscribe(func(hal.Event) { early++ })
		idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
		dev.Pump(0)
		require.Equal(t, []int{1, 1}, []int{early, late})
	})
}

// Events that find no room are told of, and nobody waits for ever.
func TestLostEvents(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		require.NoError(t, dev.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}))
		require.NoError(t, dev.StartScan(hal.ScanConfig{Channel: 6}))
		time.Sleep(time.Minute) // its end is in the queue, and gets lost below
		var got []hal.Event
		dev.Subscribe(func(e hal.Event) { got = append(got, e) })
		dev.Pump(0)
		require.NoError(t, dev.Connect())
		for range 20 {
			idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
		}
		time.Sleep(time.Minute) // joins, without room for the events
		require.NoError(t, dev.StartScan(hal.ScanConfig{Channel: 6}))
		time.Sleep(time.Minute)
		for range 5 {
			dev.Pump(0)
		}
		require.Equal(t, uint32(20-16+2+1), dev.Lost())
		require.Contains(t, strings.Join(chip.Logs(), ""), "entries are lost events=7 packets=0")
		starts := 0
		for len(got) > 0 && got[0].Kind == hal.EventStationStart {
			starts++
			got = got[1:]
		}
		require.Zero(t, starts, "the losses are told first")
		require.Equal(t, hal.Event{Kind: hal.EventScanDone, ScanFailed: true}, got[0])
		require.Equal(t, hal.Event{Kind: hal.EventDisconnected, Reason: hal.ReasonUnspecified}, got[1])
		for _, e := range got[2:] {
			require.Equal(t, hal.EventStationStart, e.Kind)
		}
		_, err := dev.Link()
		require.ErrorIs(t, err, hal.ErrNotConnected)

		// The next try works.
		got = nil
		settle()
		dev.Pump(0)
		require.NoError(t, dev.Connect())
		for len(got) < 2 {
			dev.Pump(time.Hour)
		}
		require.Equal(t, hal.EventConnected, got[0].Kind)
		require.Equal(t, hal.EventGotIP, got[1].Kind)
	})
}

// Events that are lost while one is told, or while PollController runs, are made up for
// when that is over: subscribers hear of one at a time, and PollController tells none.
func TestLostEventsInsideOfOthers(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		flood := func() {
			for range 20 {
				idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
			}
		}
		require.NoError(t, dev.StartScan(hal.ScanConfig{Channel: 6}))
		flood()
		time.Sleep(time.Minute) // its end gets lost
		ends, inside := 0, false
		dev.Subscribe(func(e hal.Event) {
			require.False(t, inside, "one at a time")
			if e.Kind == hal.EventScanDone {
				ends++
				return
			}
			inside = true
			dev.Pump(0)
			inside = false
		})
		dev.PollController()
		require.Zero(t, ends)
		dev.Pump(0)
		require.Equal(t, 1, ends)

		dev.Pump(0)
		require.NoError(t, dev.StartScan(hal.ScanConfig{Channel: 6}))
		cancel := dev.Subscribe(func(e hal.Event) {
			if e.Kind == hal.EventStationStart && ends == 1 {
				flood()
				time.Sleep(time.Minute)
				dev.Pump(0)
				require.Equal(t, 1, ends)
			}
		})
		idf.Post(idf.PostStationStart, hal.Event{}, hal.AccessPoint{})
		dev.Pump(0)
		cancel()
		dev.Pump(0)
		require.Equal(t, 2, ends)
	})
}

// Values that the driver would misunderstand.
func TestRefusedValues(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		long := strings.Repeat("x", 65)
		for name, err := range map[string]error{
			"mode":       dev.SetMode(4),
			"storage":    dev.SetStorage(2),
			"SSID":       dev.SetStationConfig(hal.StationConfig{SSID: hal.SSID(long[:33])}),
			"passphrase": dev.SetStationConfig(hal.StationConfig{SSID: "x", Passphrase: hal.Secret(long)}),
			"method":     dev.SetStationConfig(hal.StationConfig{SSID: "x", ScanMethod: 2}),
			"channel":    dev.StartScan(hal.ScanConfig{Channel: 15}),
			"no name":    dev.StartSoftAP(hal.SoftAPConfig{}),
			"long name":  dev.StartSoftAP(hal.SoftAPConfig{SSID: hal.SSID(long[:33])}),
			"far":        dev.StartSoftAP(hal.SoftAPConfig{SSID: "x", Channel: 14}),
			"short key":  dev.StartSoftAP(hal.SoftAPConfig{SSID: "x", Key: "1234567"}),
			"handler":    dev.StartHTTP(80, nil),
		} {
			require.Error(t, err, name)
		}
	})
}

// Neither an event nor a packet nor a timer that is due costs memory.
func TestPumpAllocs(t *testing.T) {
	inTask(t, func(t *testing.T, _ *idftest.Chip, dev *idf.Device) {
		events, packets := 0, 0
		dev.Subscribe(func(hal.Event) { events++ })
		dev.Bluetooth().SetReceiver(func([]byte) { packets++ })
		require.NoError(t, dev.Bluetooth().Send([]byte{1, 0x03, 0x0C, 0}))
		settle()
		home := hal.AccessPoint{SSID: "HomeNet", Channel: 6, BSSID: hal.BSSID{1}}
		packet := make([]byte, 100)
		fill := func() {
			idf.Post(idf.PostConnected, hal.Event{}, home)
			idf.Post(idf.PostGotIP, hal.Event{IP: hal.IPv4{1, 2, 3, 4}}, home)
			idf.Post(idf.PostDisconnected, hal.Event{Reason: 2}, home)
			idf.Packet(packet)
		}
		fill()
		dev.Pump(0) // makes a copy of the SSID
		filling := testing.AllocsPerRun(100, fill)
		for range 100 { // AllocsPerRun left the queues full
			dev.Pump(0)
		}
		events, packets = 0, 0
		both := testing.AllocsPerRun(100, func() {
			fill()
			dev.Pump(0)
		})
		require.Equal(t, []int{303, 101}, []int{events, packets})
		require.LessOrEqual(t, both, filling)
	})
}

func TestRandomAndLog(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, _ *idf.Device) {
		a, b := make([]byte, 16), make([]byte, 16)
		for _, buf := range [][]byte{a, b, nil} {
			n, err := idf.Random().Read(buf)
			require.NoError(t, err)
			require.Equal(t, len(buf), n)
		}
		require.NotEqual(t, a, b)
		log := idf.Log()
		log(hal.LevelWarn, "text %s", hal.Attr{Key: "k", Value: "v"})
		log(hal.LevelDebug, strings.Repeat("x", 300), hal.Attr{Key: "k", Value: "v"})
		log(hal.LevelError, strings.Repeat("x", 250), hal.Attr{Key: "key", Value: "v"})
		logs := chip.Logs()
		require.Equal(t, "W wifiprov: text %s k=v\n", logs[0])
		require.Equal(t, "D wifiprov: "+strings.Repeat("x", 255)+"\n", logs[1])
		require.Equal(t, "E wifiprov: "+strings.Repeat("x", 250)+" key=\n", logs[2])
	})
}
