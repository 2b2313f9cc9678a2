// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

const (
	scanAll         = "5200"         // not blocking, all channels at once
	scanBlocking    = "52020801"     // blocking
	scanGroups5     = "520408011805" // blocking, pauses before channels 5 and 10
	scanStarted     = "08015a00"
	scanNotStarted  = "080110055a00"
	scanFinished0   = "08036a020801"
	scanRunning0    = "08036a00"
	scanStatus      = "0802"
	connectingState = "08015a021001"
)

// scanAnswers ends every scan of the driver after d with what found returns
// for its channel.
func (r *rig) scanAnswers(d time.Duration, found func(channel uint8) []hal.AccessPoint) {
	r.wifi.onScan = func(c hal.ScanConfig) {
		time.AfterFunc(d, func() {
			r.wifi.mu.Lock()
			r.wifi.found = found(c.Channel)
			r.wifi.mu.Unlock()
			r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		})
	}
}

func ap(name string, rssi int) hal.AccessPoint {
	return hal.AccessPoint{SSID: hal.SSID(name), RSSI: int8(rssi)}
}

// page asks for a window of the results and returns "name rssi" of each.
func (r *rig) page(from, count uint32) (pb.Status, []string) {
	r.t.Helper()
	cmd := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanResult, WhichPayload: pb.WiFiScanPayloadCmdScanResult,
		CmdScanResult: pb.CmdScanResult{StartIndex: from, Count: count}}
	raw, err := hex.DecodeString(r.answer("prov-scan", hex.EncodeToString(cmd.AppendTo(nil))))
	require.NoError(r.t, err)
	var resp pb.WiFiScanPayload
	require.NoError(r.t, resp.Unmarshal(raw))
	var list []string
	for _, e := range resp.RespScanResult.Entries {
		list = append(list, fmt.Sprintf("%s %d", e.SSID, e.RSSI))
	}
	return resp.Status, list
}

// A scan of all channels: the driver's one scan, its parameters passed on.
func TestQE20_ScanParameters(t *testing.T) {
	tests := []struct{ request, call string }{
		{"5200", "StartScan 0 false 0"},
		{"52021001", "StartScan 0 true 0"},
		{"52022078", "StartScan 0 false 120"},
		{"520320e807", "StartScan 0 false 1000"},
		{"520620ffffffff0f", "StartScan 0 false 1500"}, // bounded
		{"52021805", "StartScan 1 false 0"},
		{"5203188002", "StartScan 1 false 0"}, // 256 is not 0 (Q-E20)
	}
	for _, tc := range tests {
		bubble(t, func(t *testing.T, r *rig) {
			r.start()
			require.Equal(t, scanStarted, r.answer("prov-scan", tc.request))
			require.Equal(t, []string{tc.call}, r.wifi.takeCalls())
			require.Equal(t, scanRunning0, r.answer("prov-scan", scanStatus))
		})
	}
}

func TestScanStatusBeforeAnyScan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))
	})
}

// Groups: channels 1 to 13 one by one, 120 ms before 5 and 10; a blocking
// request is answered when the last one is done.
func TestScanGroups(t *testing.T) {
	for group, pauses := range map[string]int{"520408011805": 2, "520408011801": 12, "52040801180d": 1, "52040801180e": 0, "5205080118e807": 0} {
		bubble(t, func(t *testing.T, r *rig) {
			r.start()
			r.scanAnswers(100*time.Millisecond, func(uint8) []hal.AccessPoint { return nil })
			took := elapsed(func() { require.Equal(t, scanStarted, r.answer("prov-scan", group)) })
			require.Equal(t, 1300*time.Millisecond+time.Duration(pauses)*120*time.Millisecond, took)
		})
	}
}

// While a scan pauses, others are answered (Q-E10).
func TestQE10_PauseHoldsNobodyUp(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", "52021802") // pauses before channel 2
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, []string{"StartScan 1 false 0", "ScanResults 64"}, r.wifi.takeCalls())
		require.Zero(t, elapsed(func() { require.Equal(t, connectingState, r.answer("prov-config", "5200")) }))
		time.Sleep(120 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, []string{"StartScan 2 false 0"}, r.wifi.takeCalls())
	})
}

// In a pause, what the application scans is not ours, and credentials that are
// applied end the scan for good.
func TestPauseBetweenGroups(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", "52021802")
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		r.wifi.takeCalls()
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Empty(t, r.wifi.takeCalls())
		r.apply()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		require.NotContains(t, r.wifi.takeCalls(), "StartScan 2 false 0")
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))
	})
}

// A driver that panics costs the request, which is logged, and nothing else.
func TestPanicInDriver(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		logged := ""
		r.cfg.Logger = func(level hal.Level, msg string, attrs ...hal.Attr) {
			if level == hal.LevelError {
				logged = msg + ": " + attrs[0].Value + ": " + attrs[1].Value
			}
		}
		r.start()
		r.wifi.onScan = func(hal.ScanConfig) { panic("a bug in the driver") }
		_, err := r.request("prov-scan", scanAll)
		require.ErrorIs(t, err, protocomm.ErrFail)
		require.Equal(t, "an endpoint's handler panicked: prov-scan: a bug in the driver", logged)
		r.wifi.onScan = nil
		r.apply()
		require.Equal(t, []string{"CRED_RECV MyNetwork"}, r.takeEvents())
	})
}

// All are merged and the strongest kept: strong entries of an early channel
// survive weak ones of a later (Q-E7). Of equal ones the newer comes first.
func TestQE7_StrongestAreKept(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.scanAnswers(time.Millisecond, func(channel uint8) []hal.AccessPoint {
			var list []hal.AccessPoint
			switch channel {
			case 1:
				for i := range 16 {
					list = append(list, ap(fmt.Sprintf("strong%02d", i), -30-i))
				}
			case 2:
				list = []hal.AccessPoint{ap("equal", -31), ap("weak", -80), ap("weaker", -81)}
			}
			return list
		})
		require.Equal(t, scanStarted, r.answer("prov-scan", scanGroups5))
		status, list := r.page(0, 16)
		require.Equal(t, pb.StatusSuccess, status)
		require.Len(t, list, 16)
		require.Equal(t, []string{"strong00 -30", "equal -31", "strong01 -31", "strong02 -32"}, list[:4])
		require.Equal(t, "strong14 -44", list[15])
	})
}

// More networks than are kept cost no more memory (Q-E23), and the option sets
// how many.
func TestQE23_ManyNetworks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.ScanEntries = 5
		r.start()
		for i := range 200 {
			r.wifi.found = append(r.wifi.found, ap("n", -i/2))
		}
		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, []string{"StartScan 0 false 0", "ScanResults 53"}, r.wifi.takeCalls())
		_, list := r.page(0, 5)
		require.Len(t, list, 5)
		_, err := r.request("prov-scan", "080472021006")
		require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
	})
}

// Windows of results: within, at and past the end of list and limit, and with
// the largest numbers (Q-E4, Q-E5, Q-E16).
func TestQE4_QE5_QE16_Windows(t *testing.T) {
	const none = ^uint32(0)
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		status, list := r.page(0, 0)
		require.Equal(t, pb.StatusSuccess, status, "count 0 of an empty list")
		require.Empty(t, list)
		r.wifi.found = []hal.AccessPoint{ap("a", -1), ap("b", -2), ap("c", -3)}
		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		tests := []struct {
			from, count uint32
			status      pb.Status
			want        []string
		}{
			{0, 3, pb.StatusSuccess, []string{"a -1", "b -2", "c -3"}},
			{1, 1, pb.StatusSuccess, []string{"b -2"}},
			{2, 2, pb.StatusInternalError, []string{"c -3"}},
			{0, 16, pb.StatusInternalError, []string{"a -1", "b -2", "c -3"}},
			{5, 1, pb.StatusInternalError, nil},
			{5, 0, pb.StatusSuccess, nil},
			{15, 1, pb.StatusInternalError, nil},
		}
		for _, tc := range tests {
			status, list := r.page(tc.from, tc.count)
			require.Equal(t, tc.status, status, "%d+%d", tc.from, tc.count)
			require.Equal(t, tc.want, list, "%d+%d", tc.from, tc.count)
		}
		for _, w := range [][2]uint32{{0, 17}, {16, 0}, {15, 2}, {0, none}, {none, 0}, {none, none}, {1, none}} {
			cmd := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanResult, WhichPayload: pb.WiFiScanPayloadCmdScanResult,
				CmdScanResult: pb.CmdScanResult{StartIndex: w[0], Count: w[1]}}
			_, err := r.request("prov-scan", hex.EncodeToString(cmd.AppendTo(nil)))
			require.ErrorIs(t, err, wifiprov.ErrInvalidArg, "%v", w)
		}
	})
}

// A second client's scan joins the one that runs and, blocking, waits for it
// (Q-E6, Q-C1).
func TestQE6_QC1_SecondScan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", scanAll)
		require.Equal(t, scanStarted, r.answer("prov-scan", "52021003"), "not blocking")
		require.Len(t, r.wifi.takeCalls(), 1)
		go func() {
			time.Sleep(700 * time.Millisecond)
			r.wifi.found = twoNetworks
			r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		}()
		took := elapsed(func() {
			resp, err := r.requestAs(2, "prov-scan", scanBlocking)
			require.NoError(t, err)
			require.Equal(t, scanStarted, resp)
		})
		require.Equal(t, 700*time.Millisecond, took)
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
	})
}

// Once credentials were taken a scan is refused; one that runs then ends at
// once, its waiting client gets its answer, and connecting goes on (Q-E3).
func TestQE3_ScanAndApply(t *testing.T) {
	for _, request := range []string{scanBlocking, scanGroups5} {
		bubble(t, func(t *testing.T, r *rig) {
			r.start()
			var wg sync.WaitGroup
			wg.Go(func() {
				took := elapsed(func() {
					resp, err := r.requestAs(2, "prov-scan", request)
					require.NoError(t, err)
					require.Equal(t, scanStarted, resp)
				})
				require.Equal(t, 300*time.Millisecond, took)
			})
			time.Sleep(300 * time.Millisecond)
			r.apply()
			wg.Wait()
			require.Contains(t, r.wifi.takeCalls(), "StopScan")
			r.wifi.emit(hal.Event{Kind: hal.EventScanDone}) // what StopScan causes
			require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, []string{"Connect"}, r.wifi.takeCalls())
			refused := func() { require.Equal(t, scanNotStarted, r.answer("prov-scan", scanBlocking)) }
			refused()
			r.wifi.lost(hal.ReasonAuthFail)
			refused()
			r.wifi.gotIP()
			refused()
			require.NotContains(t, r.wifi.takeCalls(), "StartScan 0 false 0")
			r.m.StopProvisioning()
			refused()
		})
	}
}

// A driver that refuses to scan, or whose results cannot be fetched, or whose
// scan breaks off: the next scan works (Q-E21).
func TestQE21_DriverRefusesScan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.wifi.failNext("StartScan", errDriver)
		require.Equal(t, scanNotStarted, r.answer("prov-scan", scanBlocking))
		r.wifi.failNext("StartScan", nil)
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))

		r.answer("prov-scan", scanAll)
		r.wifi.failNext("ScanResults", errDriver)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		r.wifi.failNext("ScanResults", nil)
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))

		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone, ScanFailed: true})
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))

		r.answer("prov-scan", "52021805") // breaks off at channel 2
		r.wifi.failNext("StartScan", errDriver)
		r.wifi.found = twoNetworks
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
		r.wifi.failNext("StartScan", nil)
		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
	})
}

// The end of a scan that was given up is not taken for that of the next.
func TestStaleScanDone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", scanAll)
		r.apply()
		r.wifi.lost(hal.ReasonAuthFail)
		require.NoError(t, r.m.ResetOnFailure())
		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone}) // the first scan's
		require.Equal(t, scanRunning0, r.answer("prov-scan", scanStatus))
		r.wifi.found = twoNetworks
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
	})
}

// A driver that never ends its scan does not hang the client.
func TestScanGuard(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		took := elapsed(func() { require.Equal(t, scanStarted, r.answer("prov-scan", scanBlocking)) })
		require.Equal(t, 28*time.Second, took)
		require.Contains(t, r.wifi.takeCalls(), "StopScan")
		synctest.Wait() // for the end of the job that answered
		// Its end was lost; the next scan's is not taken for it.
		r.wifi.found = twoNetworks
		r.answer("prov-scan", scanAll)
		r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
		require.Equal(t, "08036a0408011002", r.answer("prov-scan", scanStatus))
	})
}

// Stopping the service answers nobody who waits for a scan, and forgets the
// results.
func TestStopDuringScan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.requestAs(2, "prov-scan", scanBlocking)
			require.ErrorIs(t, err, wifiprov.ErrInvalidState)
		})
		time.Sleep(time.Millisecond)
		synctest.Wait()
		r.m.StopProvisioning()
		wg.Wait()
		require.Equal(t, scanFinished0, r.answer("prov-scan", scanStatus))
	})
}

// A page is a snapshot: entries found meanwhile do not mix into it (Q-E24,
// Q-C2).
func TestQE24_QC2_GrowingList(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		r.answer("prov-scan", "5202180e")
		for i := range 13 {
			r.wifi.found = []hal.AccessPoint{ap(fmt.Sprint("n", i), -50+i)}
			r.wifi.emit(hal.Event{Kind: hal.EventScanDone})
			status, list := r.page(0, uint32(i+1))
			require.Equal(t, pb.StatusSuccess, status)
			require.Len(t, list, i+1)
			require.Equal(t, fmt.Sprintf("n%d %d", i, -50+i), list[0])
		}
	})
}
