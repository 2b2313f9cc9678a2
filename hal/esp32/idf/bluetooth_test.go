// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
)

var hciReset = []byte{1, 0x03, 0x0C, 0}

// The controller comes up with the first packet, answers, and goes down with
// its memory, which is given back once.
func TestBluetoothLife(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		b := dev.Bluetooth()
		var got [][]byte
		b.SetReceiver(func(p []byte) { got = append(got, append([]byte(nil), p...)) })
		require.Zero(t, chip.BTStatus())
		require.NoError(t, dev.ReleaseMemory(ble.Classic))
		require.NoError(t, dev.ReleaseMemory(ble.Classic), "what was released is left out")
		require.Equal(t, 1, chip.Calls("esp_bt_controller_mem_release"))
		for range 2 {
			require.NoError(t, b.Send(hciReset))
			require.Equal(t, 2, chip.BTStatus())
			settle()
			dev.Pump(0)
			require.Equal(t, [][]byte{{4, 0x0E, 4, 1, 0x03, 0x0C, 0}}, got)
			got = nil
			require.NoError(t, b.Close())
			settle() // it is off
			require.Zero(t, chip.BTStatus())
		}
		require.NoError(t, b.Send(hciReset))
		require.NoError(t, dev.ReleaseMemory(ble.LE|ble.Classic))
		require.Equal(t, 7, chip.Released())
		require.Zero(t, chip.BTStatus())
		var e *idf.Error
		require.ErrorAs(t, b.Send(hciReset), &e)
		require.Equal(t, "esp_bt_controller_init", e.Call)
	})
}

// A controller that is busy is waited for, 2 s at most.
func TestBluetoothBusy(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		b := dev.Bluetooth()
		require.NoError(t, b.Send(hciReset))
		began := time.Now()
		chip.SetBusy(true)
		time.AfterFunc(time.Second, func() { chip.SetBusy(false) })
		require.NoError(t, b.Send(hciReset))
		require.Equal(t, time.Second, time.Since(began))
		chip.SetBusy(true)
		idf.Room() // left over
		require.EqualError(t, b.Send(hciReset), "esp32: esp_vhci_host_send_packet failed with ESP_ERR_TIMEOUT (0x107)")
		require.Equal(t, 3*time.Second, time.Since(began))
		for i := range 5 {
			time.AfterFunc(time.Duration(i+1)*100*time.Millisecond, idf.Room)
		}
		require.Error(t, b.Send(hciReset), "it says that there is room, and has none")
		require.Equal(t, 3200*time.Millisecond, time.Since(began))
		time.Sleep(time.Second)
		chip.SetBusy(false)
		require.NoError(t, b.Send(hciReset))
	})
}

// Data of a client that floods leaves room for events, and what is lost is
// told.
func TestBluetoothFlood(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		b := dev.Bluetooth()
		data, events := 0, 0
		require.NoError(t, b.Send(hciReset))
		settle()
		chip.Watch("\x02\x01\x02\x03") // of data
		idf.Packet(nil)
		dev.Pump(0) // nobody receives
		flood, event := make([]byte, 250), make([]byte, 250)
		for i := range flood {
			flood[i], event[i] = byte(i), byte(-i)
		}
		flood[0], event[0] = 2, 4
		b.SetReceiver(func(p []byte) {
			if p[0] == 2 {
				require.Equal(t, flood, p)
				data++
			} else {
				require.Equal(t, event, p)
				events++
			}
		})
		for round := range 20 { // the ring wraps around
			for range 20 {
				idf.Packet(flood)
			}
			idf.Packet(event)
			for range 3 {
				dev.Pump(0)
			}
			require.Equal(t, []int{6 * (round + 1), round + 1}, []int{data, events}, "of 2048 bytes data has 1536")
		}
		require.Equal(t, uint32(20*14), dev.Lost())
		idf.Packet(make([]byte, 1027))
		dev.Pump(0)
		require.Equal(t, uint32(20*14+1), dev.Lost(), "longer than any packet")
		require.Equal(t, 20, events)
	})
}
