// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
)

// provStatus asks prov-status.
func (r *rig) provStatus() pb.RespProvStatus {
	r.t.Helper()
	raw, err := hex.DecodeString(r.answer("prov-status", "0801"))
	require.NoError(r.t, err)
	var s pb.RespProvStatus
	require.NoError(r.t, s.Unmarshal(raw))
	return s
}

// reporting is a driver that knows details.
type reporting struct {
	*fakeWiFi
	info hal.JoinInfo
}

func (w *reporting) JoinInfo() (hal.JoinInfo, error) { return w.info, nil }
func (w *reporting) IPConfig() (hal.IPConfig, error) {
	return hal.IPConfig{Address: w.link.IP, Netmask: hal.IPv4{255, 255, 255, 0}, Gateway: hal.IPv4{192, 168, 1, 1}}, nil
}

// The endpoint is there only when asked for, with an id that moves no other, and
// is announced.
func TestStatusEndpointIsOptional(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		_, err := r.request("prov-status", "")
		require.ErrorIs(t, err, wifiprov.ErrNotFound)
		text, err := r.scheme.pc.Handle(nil, "proto-ver", protocomm.NoSession, nil)
		require.NoError(t, err)
		require.NotContains(t, string(text), "prov_status")
		require.NotContains(t, r.scheme.calls, "SetEndpoint prov-status FF4E")
	})
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.StatusEndpoint = true
		r.init()
		require.NoError(t, r.m.CreateEndpoint("first"))
		require.Equal(t, []string{"SetEndpoint proto-ver FF53", "SetEndpoint prov-status FF4E", "SetEndpoint first FF54"}, r.scheme.calls[5:])
		require.ErrorIs(t, r.m.CreateEndpoint("prov-status"), wifiprov.ErrFail)
		r.startOnly()
		text, err := r.scheme.pc.Handle(nil, "proto-ver", protocomm.NoSession, nil)
		require.NoError(t, err)
		require.Contains(t, string(text), `["no_sec", "wifi_scan", "prov_status"]`)
		require.Equal(t, "10011801", r.answer("prov-status", ""), "version 1, waiting")
		_, err = r.request("prov-status", "ff")
		require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
	})
}

// A whole story as told by prov-status, with a driver that knows details.
func TestProvStatusStory(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		wifi := &reporting{fakeWiFi: r.wifi}
		r.cfg.WiFi, r.cfg.StatusEndpoint, r.cfg.Attempts = wifi, true, 2
		ap := r.wifi.link.AP
		located := func(s pb.RespProvStatus) pb.RespProvStatus {
			s.Version, s.AttemptsAllowed = 1, 2
			s.ApSSID, s.ApBSSID, s.ApChannel = []byte("MyNetwork"), ap.BSSID[:], 6
			s.ApRSSI, s.ApAuthMode = -47, 3
			return s
		}
		r.start()
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateWaiting, AttemptsAllowed: 2, AttemptsLeft: 2}, r.provStatus())
		r.apply()
		wifi.info = hal.JoinInfo{Step: hal.JoinDone} // of an earlier boot's network
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, AttemptsAllowed: 2, AttemptsLeft: 2}, r.provStatus())

		time.Sleep(time.Second)
		synctest.Wait()
		wifi.info = hal.JoinInfo{Step: hal.JoinAuth, AP: ap}
		require.Equal(t, located(pb.RespProvStatus{State: pb.ProvStateConnecting, Attempt: 1, AttemptsLeft: 2, Step: pb.ProvStepAuth}), r.provStatus())
		wifi.info.Step = hal.JoinHandshake
		r.wifi.lost(hal.Reason4WayHandshakeTimeout)
		first := located(pb.RespProvStatus{State: pb.ProvStateConnecting, Attempt: 1, AttemptsLeft: 1, Step: pb.ProvStepHandshake, DisconnectReason: 15})
		require.Equal(t, first, r.provStatus())

		wifi.info = hal.JoinInfo{Step: hal.JoinScan} // a second attempt
		require.Equal(t, first, r.provStatus(), "before it begins")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, Attempt: 2, AttemptsAllowed: 2, AttemptsLeft: 1,
			Step: pb.ProvStepScan, DisconnectReason: 15}, r.provStatus())
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateFailed, Attempt: 2, AttemptsAllowed: 2,
			Step: pb.ProvStepScan, DisconnectReason: 201}, r.provStatus())

		failed := r.provStatus()
		require.NoError(t, r.m.ResetOnFailure())
		require.Equal(t, failed, r.provStatus(), "a reset takes no news away (Q-M17)")
		r.wifi.emit(hal.Event{Kind: hal.EventConnected})
		r.wifi.lost(hal.ReasonAssocLeave)
		require.Equal(t, failed, r.provStatus(), "what the station does meanwhile is no part of the story")
		r.apply()
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, AttemptsAllowed: 2, AttemptsLeft: 2}, r.provStatus())
		time.Sleep(time.Second)
		synctest.Wait()
		wifi.info = hal.JoinInfo{Step: hal.JoinDone, AP: ap}
		r.wifi.gotIP()
		connected := located(pb.RespProvStatus{State: pb.ProvStateConnected, Attempt: 1, AttemptsLeft: 2, Step: pb.ProvStepDone,
			IpAddress: []byte{192, 168, 1, 23}, IpNetmask: []byte{255, 255, 255, 0}, IpGateway: []byte{192, 168, 1, 1}})
		require.Equal(t, connected, r.provStatus())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.NotContains(t, r.takeEvents(), "END", "asking prov-status ended the service")
		r.m.StopProvisioning()
		connected.State = pb.ProvStateStopping
		require.Equal(t, connected, r.provStatus())
	})
}

// Without details from the driver its events and reasons have to do.
func TestProvStatusOfPlainDriver(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.StatusEndpoint = true
		r.start()
		r.apply()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, Attempt: 1}, r.provStatus())
		r.wifi.emit(hal.Event{Kind: hal.EventConnected})
		require.Equal(t, pb.ProvStepDhcp, r.provStatus().Step)
		r.wifi.lost(hal.ReasonConnectionFail)
		s := r.provStatus()
		require.Equal(t, pb.ProvStepDhcp, s.Step)
		require.Equal(t, uint32(205), s.DisconnectReason)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, pb.ProvStepUnknown, r.provStatus().Step, "the next attempt")
		r.wifi.lost(hal.ReasonAuthFail)
		require.Equal(t, pb.ProvStepAuth, r.provStatus().Step)
		r.wifi.gotIP()
		s = r.provStatus()
		require.Equal(t, []byte{192, 168, 1, 23}, s.IpAddress)
		require.Empty(t, s.IpNetmask)
		require.Equal(t, []byte("MyNetwork"), s.ApSSID)
		r.wifi.linkErr = hal.ErrNotConnected
		require.Equal(t, []byte{192, 168, 1, 23}, r.provStatus().IpAddress, "the last link known")
	})
	bubble(t, func(t *testing.T, r *rig) { // a driver that refuses
		r.cfg.StatusEndpoint = true
		r.start()
		r.apply()
		r.wifi.failNext("Connect", errDriver)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s := r.provStatus()
		require.Equal(t, pb.ProvProblemRefused, s.Problem)
		require.Equal(t, pb.ProvStateFailed, s.State)
		require.Zero(t, s.Attempt)
	})
	bubble(t, func(t *testing.T, r *rig) { // the former network is not the client's business
		r.cfg.StatusEndpoint, r.cfg.VerifyCredentials, r.cfg.ReconnectFormer = true, true, true
		r.start()
		r.apply()
		time.Sleep(time.Second)
		synctest.Wait()
		r.wifi.lost(hal.ReasonAuthFail)
		failed := r.provStatus()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		r.wifi.emit(hal.Event{Kind: hal.EventConnected})
		r.wifi.gotIP()
		r.wifi.lost(hal.ReasonNoAPFound)
		require.Equal(t, failed, r.provStatus())
		require.Equal(t, uint32(202), failed.DisconnectReason)
	})
}
