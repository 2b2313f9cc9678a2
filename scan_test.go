// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// lister is a driver that says which channels it scans.
type lister struct {
	*fakeWiFi
	channels []uint8
}

func (l lister) ScanChannels() []uint8 { return slices.Clone(l.channels) }

// bothBands are the channels of 2.4 and 5 GHz that a scan covers.
func bothBands() (channels []uint8) {
	for c := uint8(1); c <= 13; c++ {
		channels = append(channels, c)
	}
	for _, band := range [][2]uint8{{36, 64}, {100, 144}, {149, 177}} {
		for c := band[0]; c <= band[1]; c += 4 {
			channels = append(channels, c)
		}
	}
	return channels
}

// Networks that hide their name are not listed, in either form, and take no
// place from others, even if the driver reports them (endpoints.md 3.3).
func TestHiddenNetworksAreLeftOut(t *testing.T) {
	for _, name := range []string{"", "\x00", string(make([]byte, 32))} {
		for _, request := range []string{scanBlocking, scanGroups5} {
			bubble(t, func(t *testing.T, r *rig) {
				r.start()
				r.scanAnswers(time.Millisecond, func(channel uint8) (list []hal.AccessPoint) {
					for i := range 40 {
						list = append(list, ap(name, -31-i%20))
					}
					if channel <= 1 {
						list = append(list, ap("HomeNet", -60), ap("\x00binary", -61))
					}
					return list
				})
				r.answer("prov-scan", request)
				require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
				status, list := r.page(0, 2)
				require.Equal(t, pb.StatusSuccess, status)
				require.Equal(t, []string{"HomeNet -60", "\x00binary -61"}, list)
			})
		}
	}
}

// In a scan channel by channel a driver hears a network on the channels beside
// its own too: it is listed once, as it was heard best. Access points with one
// name stay apart, and so do all whose BSSIDs are not known.
func TestOneEntryForAnAccessPoint(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.scanAnswers(time.Millisecond, func(channel uint8) (list []hal.AccessPoint) {
			for c := max(1, int(channel)-2); c <= min(13, int(channel)+2); c++ {
				heard := ap(fmt.Sprintf("net%02d", c), -40-c)
				heard.Channel, heard.BSSID = uint8(c), hal.BSSID{2, 0, 0, 0, 0, byte(c)}
				if c != int(channel) {
					heard.RSSI -= 10
				}
				list = append(list, heard)
			}
			if channel == 1 {
				twin := ap("net01", -90)
				twin.BSSID = hal.BSSID{2, 0, 0, 0, 1, 1}
				list = append(list, twin, ap("unknown", -91), ap("unknown", -91))
			}
			return list
		})
		r.answer("prov-scan", scanGroups5)
		_, list := r.page(0, 16)
		want := []string{}
		for c := range 13 {
			want = append(want, fmt.Sprintf("net%02d %d", c+1, -41-c))
		}
		require.Equal(t, append(want, "net01 -90", "unknown -91", "unknown -91"), list)
	})
}

// A scan in groups covers what the driver says that it scans, and pauses after
// each group whatever the numbers of its channels.
func TestGroupsCoverTheDriversChannels(t *testing.T) {
	for _, tt := range []struct {
		channels []uint8
		request  string
		want     []uint8
		pauses   int
	}{
		{bothBands(), scanGroups5, bothBands(), 8},
		{bothBands(), "520408011801", bothBands(), 40},
		{[]uint8{36, 40, 44, 48}, "520408011802", []uint8{36, 40, 44, 48}, 2},
		{[]uint8{1, 6, 11}, "520408011805", []uint8{1, 6, 11}, 0},
		{[]uint8{48}, scanGroups5, []uint8{48}, 0},
		{nil, scanGroups5, bothBands()[:13], 2},
		{bothBands(), scanBlocking, []uint8{0}, 0},
	} {
		t.Run(fmt.Sprint(tt.channels, tt.request), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.WiFi = lister{r.wifi, tt.channels}
				r.start()
				var scanned []uint8
				r.scanAnswers(100*time.Millisecond, func(channel uint8) []hal.AccessPoint {
					scanned = append(scanned, channel)
					return nil
				})
				for range 2 { // each scan begins anew
					scanned = nil
					took := elapsed(func() { r.answer("prov-scan", tt.request) })
					require.Equal(t, tt.want, scanned)
					require.Equal(t, time.Duration(len(tt.want))*100*time.Millisecond+time.Duration(tt.pauses)*120*time.Millisecond, took)
				}
			})
		})
	}
}

// Whatever a client asks for, listening and pauses take 21.06 s at most, on any
// number of channels, at once or in groups.
func TestScanTimeIsBounded(t *testing.T) {
	for _, n := range []int{1, 13, 41, 64, 255} {
		for _, group := range []string{"", "1801", "1802", "1805", "180d", "18ff01", "18ffffffff0f"} {
			bubble(t, func(t *testing.T, r *rig) {
				channels := make([]uint8, n)
				for i := range channels {
					channels[i] = uint8(i + 1)
				}
				r.cfg.WiFi = lister{r.wifi, channels}
				r.start()
				r.wifi.onScan = func(c hal.ScanConfig) {
					d := time.Duration(c.PeriodMillis) * time.Millisecond
					if c.Channel == 0 {
						d *= time.Duration(min(n, 64))
					}
					require.NotZero(t, d)
					time.AfterFunc(d, func() { r.wifi.emit(hal.Event{Kind: hal.EventScanDone}) })
				}
				body := "0801" + group + "20ffffffff0f"
				took := elapsed(func() { r.answer("prov-scan", fmt.Sprintf("52%02x%s", len(body)/2, body)) })
				require.LessOrEqual(t, took, 21060*time.Millisecond)
				require.Greater(t, took, min(time.Duration(n)*1400*time.Millisecond, 20*time.Second))
			})
		}
	}
}

// A driver that is slow on each channel does not hang the client either: what
// was found by then is the answer.
func TestScanGuardCoversAllChannels(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.WiFi = lister{r.wifi, bothBands()}
		r.start()
		r.scanAnswers(3*time.Second, func(channel uint8) []hal.AccessPoint {
			return []hal.AccessPoint{ap(fmt.Sprint("on", channel), -int(channel))}
		})
		took := elapsed(func() { r.answer("prov-scan", scanGroups5) })
		require.Equal(t, 28*time.Second, took)
		require.Equal(t, "08036a0408011009", r.answer("prov-scan", scanStatus)) // of 9 channels
		// Nothing goes on behind it.
		calls := r.wifi.takeCalls()
		require.Equal(t, "StopScan", calls[len(calls)-1])
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, r.wifi.takeCalls())
	})
}

// A scan that the end of the service broke off does not cost the next service's
// first scan its end.
func TestScanAfterAServiceThatEndedInOne(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", scanAll)
		r.m.StopProvisioning()
		r.m.Wait()
		r.startOnly()
		r.scanAnswers(time.Second, func(uint8) []hal.AccessPoint { return twoNetworks })
		took := elapsed(func() { require.Equal(t, scanStarted, r.answer("prov-scan", scanBlocking)) })
		require.Equal(t, time.Second, took)
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
	})
}
