// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

func TestStatus(t *testing.T) {
	home := Connection{SSID: "HomeNet", BSSID: hal.BSSID{2, 0x11, 0x22, 0x33, 0x44, 1}, Channel: 6, Auth: hal.AuthWPA2PSK,
		IP: netip.MustParseAddr("192.168.1.77")}
	change := func(f func(*pb.WiFiConnectedState)) pb.RespGetStatus {
		r := connected
		f(&r.Connected)
		return r
	}
	like := func(f func(*Connection)) Status {
		c := home
		f(&c)
		return Status{State: StateConnected, Connection: c}
	}
	state := func(n pb.WiFiStationState) pb.RespGetStatus { return pb.RespGetStatus{StaState: n} }
	tests := []struct {
		name   string
		answer pb.RespGetStatus
		want   Status
		text   string
		err    error // of Status.Err
		bad    bool
	}{
		{"connecting", connecting, Status{State: StateConnecting}, "connecting", nil, false},
		{"2 left", attemptsLeft(2), Status{State: StateConnecting, Retrying: true, AttemptsLeft: 2}, "attempt failed, 2 left", nil, false},
		{"0 left", attemptsLeft(0), Status{State: StateConnecting, Retrying: true}, "attempt failed, 0 left", nil, false},
		{"too many left", attemptsLeft(1<<32 - 1), Status{State: StateConnecting, Retrying: true, AttemptsLeft: 1 << 30}, "attempt failed, 1073741824 left", nil, false},
		{"connected", connected, Status{State: StateConnected, Connection: home}, "connected to HomeNet as 192.168.1.77", nil, false},
		{"auth above 7", change(func(c *pb.WiFiConnectedState) { c.AuthMode = 9 }), like(func(c *Connection) { c.Auth = 9 }), "", nil, false},
		{"auth above 255", change(func(c *pb.WiFiConnectedState) { c.AuthMode = 259 }), like(func(c *Connection) { c.Auth = 255 }), "", nil, false},
		{"Q-E2 BSSID of another length", change(func(c *pb.WiFiConnectedState) { c.BSSID = c.BSSID[:3] }), like(func(c *Connection) { c.BSSID = hal.BSSID{} }), "", nil, false},
		{"no address", change(func(c *pb.WiFiConnectedState) { c.IP4Addr = "" }), like(func(c *Connection) { c.IP = netip.Addr{} }), "connected to HomeNet as invalid IP", nil, false},
		{"not an address", change(func(c *pb.WiFiConnectedState) { c.IP4Addr = "\x1b[2J" }), like(func(c *Connection) { c.IP = netip.Addr{} }), "", nil, false},
		{"IPv6 address", change(func(c *pb.WiFiConnectedState) { c.IP4Addr = "::1" }), like(func(c *Connection) { c.IP = netip.Addr{} }), "", nil, false},
		{"SSID to escape", change(func(c *pb.WiFiConnectedState) { c.SSID = []byte("\x1b[2J") }), like(func(c *Connection) { c.SSID = "\x1b[2J" }), `connected to \x1b[2J as 192.168.1.77`, nil, false},
		{"SSID of 33", change(func(c *pb.WiFiConnectedState) { c.SSID = make([]byte, 33) }), Status{}, "", nil, true},
		{"Q-E1 connected without details", state(0), Status{State: StateDisconnected}, "disconnected", ErrDisconnected, false},
		{"disconnected", state(2), Status{State: StateDisconnected}, "disconnected", ErrDisconnected, false},
		{"auth error", authError, Status{State: StateFailed, Reason: ReasonAuthError}, "failed: authentication error", ErrAuth, false},
		{"not found", notFound, Status{State: StateFailed, Reason: ReasonAPNotFound}, "failed: access point not found", ErrNetworkNotFound, false},
		{"no reason", state(3), Status{State: StateFailed}, "failed: unknown reason", ErrConnectionFailed, false},
		{"new reason", pb.RespGetStatus{StaState: 3, WhichState: pb.RespGetStatusFailReason, FailReason: 9}, Status{State: StateFailed}, "failed: unknown reason", ErrConnectionFailed, false},
		{"new state", state(4), Status{}, "", nil, true},
		{"negative state", state(-1), Status{}, "", nil, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := sec0Device()
			d.statuses = []pb.RespGetStatus{tc.answer}
			c := dialWire(t, d, Config{})
			s, err := c.Status(t.Context())
			require.Equal(t, tc.want, s)
			if tc.bad {
				require.ErrorIs(t, err, ErrBadAnswer)
				require.ErrorIs(t, err, ErrSessionLost)
				return
			}
			require.NoError(t, err)
			if tc.text != "" {
				require.Equal(t, tc.text, s.String())
			}
			require.Equal(t, tc.err, s.Err())
			if tc.err != nil {
				require.ErrorIs(t, s.Err(), ErrConnectionFailed)
			}
		})
	}
	d := sec0Device()
	d.statuses = []pb.RespGetStatus{{Status: pb.StatusInternalError, StaState: 99}}
	_, err := dialWire(t, d, Config{}).Status(t.Context())
	require.Equal(t, "client: status: prov-config: device answered InternalError", err.Error())
	require.NotErrorIs(t, err, ErrSessionLost)
}

// When WaitConnected asks, and what it makes of the answers.
func TestWaitConnected(t *testing.T) {
	s := func(n ...float64) (d []time.Duration) {
		for _, n := range n {
			d = append(d, time.Duration(n*float64(time.Second)))
		}
		return d
	}
	type answers = []pb.RespGetStatus
	tests := []struct {
		name     string
		cfg      Config
		statuses answers
		asked    []time.Duration
		ends     time.Duration // 0: with the last question
		err      error
		text     string
	}{
		{name: "connected at once", statuses: answers{connected}, asked: s(0)},
		{name: "connecting twice", statuses: answers{connecting, connecting, connected}, asked: s(0, 5, 10)},
		{name: "interval", cfg: Config{PollInterval: 700 * time.Millisecond}, statuses: answers{connecting, connecting, connected}, asked: s(0, .7, 1.4)},
		{name: "negative interval", cfg: Config{PollInterval: -1}, statuses: answers{connecting, connected}, asked: s(0, 5)},
		{name: "attempts", statuses: answers{connecting, attemptsLeft(2), attemptsLeft(1), connected}, asked: s(0, 5, 10, 15)},
		{name: "wrong passphrase", statuses: answers{connecting, authError, connected}, asked: s(0, 5), err: ErrAuth,
			text: "client: wait: prov-config: device could not join the network: authentication error (check the passphrase, and try again, after a Reset if the device wants one)"},
		{name: "not found", statuses: answers{notFound}, asked: s(0), err: ErrNetworkNotFound, text: "check the network's name"},
		{name: "disconnected", statuses: answers{{StaState: 2}}, asked: s(0), err: ErrDisconnected},
		{name: "Q-E1", statuses: answers{{}}, asked: s(0), err: ErrDisconnected},
		{name: "unknown reason", statuses: answers{{StaState: 3}}, asked: s(0), err: ErrConnectionFailed},
		{name: "three more questions", cfg: Config{FailurePolls: 3}, statuses: answers{connecting, authError}, asked: s(0, 5, 10, 15, 20), err: ErrAuth},
		{name: "success after a failure", cfg: Config{FailurePolls: 3}, statuses: answers{authError, authError, authError, connected}, asked: s(0, 5, 10, 15)},
		{name: "failures counted anew", cfg: Config{FailurePolls: 1}, statuses: answers{authError, connecting, authError, connecting, connected}, asked: s(0, 5, 10, 15, 20)},
		{name: "limit", cfg: Config{PollTimeout: 12 * time.Second}, asked: s(0, 5, 10, 12), err: ErrTimeout,
			text: "client: wait: prov-config: timed out: connecting after 12s"},
		{name: "limit on a question", cfg: Config{PollTimeout: 10 * time.Second}, asked: s(0, 5, 10), err: ErrTimeout},
		{name: "connected at the limit", cfg: Config{PollTimeout: 7 * time.Second}, statuses: answers{connecting, connecting, connected}, asked: s(0, 5, 7)},
		{name: "shortest limit", cfg: Config{PollTimeout: 1}, asked: []time.Duration{0, 1}, err: ErrTimeout},
		{name: "refused", statuses: answers{connecting, {Status: pb.StatusInternalError}}, asked: s(0, 5), err: &StatusError{StatusInternalError}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sec0Device()
				d.statuses = tc.statuses
				c := dialWire(t, d, tc.cfg)
				start := time.Now()
				conn, err := c.WaitConnected(t.Context())
				require.Equal(t, tc.asked[len(tc.asked)-1], time.Since(start))
				require.Equal(t, tc.asked, d.pollTimes(len(tc.asked)))
				require.Equal(t, len(tc.asked), count(d.requests(), "prov-config"))
				if tc.err == nil {
					require.NoError(t, err)
					require.Equal(t, hal.SSID("HomeNet"), conn.SSID)
					return
				}
				if want, ok := tc.err.(*StatusError); ok {
					var got *StatusError
					require.ErrorAs(t, err, &got)
					require.Equal(t, want, got)
				} else {
					require.ErrorIs(t, err, tc.err)
				}
				require.ErrorContains(t, err, tc.text)
				require.Zero(t, conn)
				require.NotErrorIs(t, err, ErrSessionLost)
				_, err = c.Custom(t.Context(), "custom-data", []byte("x"))
				require.NoError(t, err, "the session goes on")
			})
		})
	}
}

// The default limit is two minutes; a negative one leaves it to the context.
func TestWaitConnectedLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialWire(t, sec0Device(), Config{})
		start := time.Now()
		_, err := c.WaitConnected(t.Context())
		require.ErrorIs(t, err, ErrTimeout)
		require.Equal(t, 2*time.Minute, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		c := dialWire(t, sec0Device(), Config{PollTimeout: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Minute+time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.WaitConnected(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrSessionLost)
		require.Equal(t, 61*time.Minute+time.Second, time.Since(start))
	})
}

// Between two questions others have their turn.
func TestWaitConnectedLetsOthersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec0Device()
		d.statuses = []pb.RespGetStatus{connecting, connecting, connected}
		c := dialWire(t, d, Config{})
		time.AfterFunc(time.Second, func() {
			start := time.Now()
			_, err := c.Custom(context.Background(), "custom-data", []byte("x"))
			if err != nil || time.Since(start) != 0 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
		_, err := c.WaitConnected(t.Context())
		require.NoError(t, err)
	})
}

func TestStateNames(t *testing.T) {
	require.Equal(t, "failed, state 0", StateFailed.String()+", "+State(0).String())
	require.Equal(t, "unknown reason", FailReason(0).String())
	require.Equal(t, "step 99", Step(99).String())
	for s := StepVersion; s <= StepDetails; s++ {
		require.NotContains(t, s.String(), "step")
	}
}
