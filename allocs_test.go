// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// What clients ask again and again costs no memory.
func TestPollingAllocatesNothing(t *testing.T) {
	status := []byte{0x52, 0}
	scanStatus := (&pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanStatus}).AppendTo(nil)
	results := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanResult, WhichPayload: pb.WiFiScanPayloadCmdScanResult}
	results.CmdScanResult.Count = 4
	bubble(t, func(t *testing.T, r *rig) {
		r.scanAnswers(time.Second, func(uint8) []hal.AccessPoint {
			return []hal.AccessPoint{ap("a network of average length", -30), ap("two", -40), ap("three", -50), ap("four", -60)}
		})
		r.cfg.StatusEndpoint = true
		r.start()
		expectNone := func(endpoint string, req []byte) {
			t.Helper()
			dst := make([]byte, 0, 512)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				if _, err := r.scheme.pc.Handle(dst, endpoint, 1, req); err != nil {
					t.Fatal(err)
				}
			}))
		}
		expectNone("prov-config", status)
		r.answer("prov-scan", "52020801")
		_, list := r.page(0, 4)
		require.Len(t, list, 4)
		expectNone("prov-scan", scanStatus)
		expectNone("prov-scan", results.AppendTo(nil))
		r.apply()
		expectNone("prov-config", status)
		time.Sleep(time.Second)
		synctest.Wait()
		r.wifi.lost(hal.ReasonNoAPFound)
		expectNone("prov-config", status)
		expectNone("proto-ver", []byte("ESP"))
	})
}
