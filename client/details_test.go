// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// What a device says that has prov-status, and one that has not.
const (
	withStatus    = `{"prov":{"ver":"v1.1","cap":["no_sec","wifi_scan","prov_status"]}}`
	withoutStatus = `{"prov":{"ver":"v1.1","cap":["no_sec","wifi_scan"]}}`
)

// wrongPassphrase is what a device tells after its second attempt.
var wrongPassphrase = pb.RespProvStatus{
	Version: 1, State: pb.ProvStateFailed, Attempt: 2, AttemptsAllowed: 2, Step: pb.ProvStepHandshake, DisconnectReason: 15,
	ApSSID: []byte("HomeNet"), ApBSSID: []byte{2, 0x11, 0x22, 0x33, 0x44, 1}, ApChannel: 6, ApRSSI: -47, ApAuthMode: 3,
}

// telling is a fake device that answers prov-status.
func telling(resp pb.RespProvStatus) *device {
	d := sec0Device()
	d.version = withStatus
	d.hook = func(endpoint string, _ []byte) ([]byte, error) {
		if endpoint != "prov-status" {
			return nil, errPass
		}
		return resp.AppendTo(nil), nil
	}
	return d
}

func TestDetails(t *testing.T) {
	ap := hal.AccessPoint{SSID: "HomeNet", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 1}, Channel: 6, RSSI: -47, Auth: 3}
	like := func(f func(*pb.RespProvStatus)) pb.RespProvStatus {
		r := wrongPassphrase
		f(&r)
		return r
	}
	failed := Details{State: StateFailed, Attempt: 2, AttemptsAllowed: 2, Step: hal.JoinHandshake, Reason: 15, AP: ap}
	for _, tc := range []struct {
		name string
		resp pb.RespProvStatus
		want Details
		text string
		bad  bool
	}{
		{"waiting", pb.RespProvStatus{Version: 1, State: pb.ProvStateWaiting, AttemptsLeft: 3, AttemptsAllowed: 3},
			Details{State: StateWaiting, AttemptsLeft: 3, AttemptsAllowed: 3}, "waiting for credentials", false},
		{"wrong passphrase", wrongPassphrase, failed,
			"attempt 2 of 2: 4-way handshake timeout (15) at 4-way handshake, HomeNet on channel 6 with -47 dBm", false},
		{"not stored", like(func(r *pb.RespProvStatus) {
			*r = pb.RespProvStatus{State: pb.ProvStateFailed, Attempt: 1, Problem: pb.ProvProblemNotStored}
		}),
			Details{State: StateFailed, Attempt: 1, Problem: ProblemNotStored}, "attempt 1: the credentials are right, but could not be stored", false},
		{"refused", pb.RespProvStatus{State: pb.ProvStateFailed, Problem: pb.ProvProblemRefused},
			Details{State: StateFailed, Problem: ProblemRefused}, "failed: the driver refused to connect", false},
		{"connected after a failure", pb.RespProvStatus{State: pb.ProvStateConnected, Attempt: 3, Step: pb.ProvStepDone, DisconnectReason: 2,
			IpAddress: []byte{10, 0, 0, 5}, IpNetmask: []byte{255, 0, 0, 0}, IpGateway: []byte{10}, IpDns: []byte{}},
			Details{State: StateConnected, Attempt: 3, Step: hal.JoinDone, Reason: 2,
				IP: IPConfig{Address: netip.MustParseAddr("10.0.0.5"), Netmask: netip.MustParseAddr("255.0.0.0")}}, "attempt 3 at done", false},
		{"stopping", pb.RespProvStatus{State: pb.ProvStateStopping}, Details{State: StateStopping}, "stopping", false},
		{"connecting", pb.RespProvStatus{State: pb.ProvStateConnecting}, Details{State: StateConnecting}, "connecting", false},
		{"unknown numbers", pb.RespProvStatus{State: pb.ProvStateConnecting, Step: 77, Problem: 9, DisconnectReason: 256, Attempt: 1<<32 - 1},
			Details{State: StateConnecting, Attempt: 1 << 30}, "attempt 1073741824", false},
		{"access point out of range", like(func(r *pb.RespProvStatus) { r.ApRSSI = 200 }),
			Details{State: StateFailed, Attempt: 2, AttemptsAllowed: 2, Step: hal.JoinHandshake, Reason: 15},
			"attempt 2 of 2: 4-way handshake timeout (15) at 4-way handshake", false},
		{"unknown state", pb.RespProvStatus{State: 9}, Details{}, "", true},
		{"no state", pb.RespProvStatus{}, Details{}, "", true},
		{"long SSID", pb.RespProvStatus{State: pb.ProvStateFailed, ApSSID: make([]byte, 33)}, Details{}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := telling(tc.resp)
			c := dialWire(t, d, Config{})
			got, err := c.Details(t.Context())
			if tc.bad {
				require.ErrorIs(t, err, ErrBadAnswer)
				require.ErrorIs(t, err, ErrSessionLost)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.text, got.String())
			require.Equal(t, "prov-status 0801", d.requests()[len(d.requests())-1])
		})
	}
}

// Without the announcement nothing is sent to the endpoint, for that would cost
// the session; and an announcement is asked for once.
func TestDetailsNeedAnAnnouncement(t *testing.T) {
	d := sec0Device()
	d.version = withoutStatus
	c := dialWire(t, d, Config{})
	for range 2 {
		_, err := c.Details(t.Context())
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.NotErrorIs(t, err, ErrSessionLost)
	}
	require.Equal(t, 1, count(d.requests(), "proto-ver"))
	require.Zero(t, count(d.requests(), "prov-status"))
	_, err := c.Status(t.Context())
	require.NoError(t, err)

	d = telling(pb.RespProvStatus{Status: pb.StatusInternalError})
	c = dialWire(t, d, Config{})
	_, err = c.Details(t.Context())
	var status *StatusError
	require.ErrorAs(t, err, &status)
	require.NotErrorIs(t, err, ErrSessionLost)
	_, err = newClient(t, newWire(sec0Device()), Config{}).Details(t.Context())
	require.Error(t, err, "without a session")
}

// A failure to join comes with its details if the device has announced them; an
// answer that makes no sense does not hide the failure.
func TestWaitConnectedTellsDetails(t *testing.T) {
	d := telling(wrongPassphrase)
	d.statuses = []pb.RespGetStatus{authError}
	var steps []Step
	c := dialWire(t, d, Config{Progress: func(p Progress) { steps = append(steps, p.Step) }})
	_, err := c.WaitConnected(t.Context())
	require.ErrorIs(t, err, ErrAuth)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Nil(t, e.Details, "asked a device that has announced nothing")
	require.NotContains(t, steps, StepDetails)

	_, err = c.Version(t.Context())
	require.NoError(t, err)
	_, err = c.WaitConnected(t.Context())
	require.ErrorIs(t, err, ErrAuth)
	require.ErrorAs(t, err, &e)
	require.Equal(t, hal.Reason4WayHandshakeTimeout, e.Details.Reason)
	require.Equal(t, "client: wait: prov-config: device could not join the network: authentication error: attempt 2 of 2: "+
		"4-way handshake timeout (15) at 4-way handshake, HomeNet on channel 6 with -47 dBm (check the passphrase, and try again, after a Reset if the device wants one)", err.Error())
	require.Contains(t, steps, StepDetails)
	require.NotErrorIs(t, err, ErrSessionLost)

	d = telling(pb.RespProvStatus{})
	d.statuses = []pb.RespGetStatus{notFound}
	c = dialWire(t, d, Config{})
	_, err = c.Version(t.Context())
	require.NoError(t, err)
	_, err = c.WaitConnected(t.Context())
	require.ErrorIs(t, err, ErrNetworkNotFound)
	require.ErrorIs(t, err, ErrSessionLost)
}

func TestProblemNames(t *testing.T) {
	require.Equal(t, "no problem, problem 9", Problem(0).String()+", "+Problem(9).String())
}

// Whatever a device answers to prov-status, the client neither panics nor shows
// a terminal what it should not see.
func FuzzDetails(f *testing.F) {
	f.Add(wrongPassphrase.AppendTo(nil))
	f.Add([]byte{0x18, 0x01})
	f.Fuzz(func(t *testing.T, answer []byte) {
		var resp pb.RespProvStatus
		if resp.Unmarshal(answer) != nil {
			return
		}
		d, err := newDetails(&resp)
		if err != nil {
			require.ErrorIs(t, err, ErrBadAnswer)
			return
		}
		require.NotEqual(t, State(0), d.State)
		require.LessOrEqual(t, len(d.AP.SSID), hal.MaxSSID)
		for _, r := range d.String() {
			require.False(t, r < ' ' || r == 0x7f, "%q", d.String())
		}
	})
}
