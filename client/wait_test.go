// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// WaitConnected survives the loss of the link at each question, over each
// transport, whether or not the device saw the question.
func TestWaitConnectedSurvivesCuts(t *testing.T) {
	for _, transport := range []string{"HTTP", "BLE", "console"} {
		for _, behind := range []bool{false, true} {
			for k := range 4 {
				t.Run(fmt.Sprint(transport, " ", behind, " ", k), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						d := sec1Device(t, "pop")
						asked := 0
						d.hook = func(endpoint string, _ []byte) ([]byte, error) {
							if endpoint != endpointConfig {
								return nil, errPass
							}
							if asked++; asked <= 3 {
								return (&pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeRespGetStatus, WhichPayload: pb.WiFiConfigPayloadRespGetStatus,
									RespGetStatus: connecting}).AppendTo(nil), nil
							}
							return nil, errPass
						}
						d.statuses = []pb.RespGetStatus{connected}
						cut := &cutter{cut: func(n int) bool { return n == k }, behind: behind}
						asking := 0
						c := newClient(t, waitRigs(t, d, cut)[transport](), Config{AskPoP: func(context.Context) (hal.Secret, error) {
							asking++
							return "pop", nil
						}})
						defer c.Close()
						require.NoError(t, c.Connect(t.Context()))
						versions := count(d.requests(), endpointVersion)
						cut.counting = true
						began := time.Now()
						conn, err := c.WaitConnected(t.Context())
						require.NoError(t, err)
						require.Equal(t, hal.SSID("HomeNet"), conn.SSID)
						questions := 4
						if behind && k < 3 {
							questions-- // one was answered to nobody
						}
						if transport == "console" { // the refusals of a console take a moment
							require.Equal(t, time.Duration(questions-1)*5*time.Second+consoleSettle, time.Since(began))
						} else {
							require.Equal(t, time.Duration(questions-1)*5*time.Second, time.Since(began))
						}
						require.Equal(t, 1, asking, "nobody is asked twice")
						require.Equal(t, versions, count(d.requests(), endpointVersion), "and the security is as it was")
						_, err = c.Status(t.Context())
						require.NoError(t, err)
					})
				})
			}
		}
	}
}

// A link that is cut at every question, or at every second one, within the limit.
func TestWaitConnectedCutAgainAndAgain(t *testing.T) {
	for _, transport := range []string{"HTTP", "BLE", "console"} {
		synctest.Test(t, func(t *testing.T) {
			d := sec1Device(t, "pop")
			d.statuses = []pb.RespGetStatus{connecting, connecting, connected}
			cut := &cutter{cut: func(n int) bool { return n%2 == 0 }}
			c := newClient(t, waitRigs(t, d, cut)[transport](), Config{PoP: "pop"})
			defer c.Close()
			require.NoError(t, c.Connect(t.Context()))
			cut.counting = true
			_, err := c.WaitConnected(t.Context())
			require.NoError(t, err, transport)
		})
		synctest.Test(t, func(t *testing.T) {
			d := sec1Device(t, "pop")
			cut := &cutter{cut: func(int) bool { return true }}
			c := newClient(t, waitRigs(t, d, cut)[transport](), Config{PoP: "pop", PollTimeout: 12 * time.Second})
			defer c.Close()
			require.NoError(t, c.Connect(t.Context()))
			cut.counting = true
			began := time.Now()
			_, err := c.WaitConnected(t.Context())
			require.ErrorIs(t, err, ErrTimeout, transport)
			require.ErrorIs(t, err, ErrSessionLost, transport)
			require.ErrorContains(t, err, "no answer within 12s")
			require.ErrorContains(t, err, "may join the network all the same")
			require.LessOrEqual(t, time.Since(began), 12*time.Second+2*consoleSettle, transport)
			require.GreaterOrEqual(t, cut.n, 4, "it tries again and again")
			cut.counting = false
			require.NoError(t, c.Connect(t.Context()))
		})
	}
}

// A device that is gone is waited for until the limit and not longer, whatever the
// time for one request.
func TestWaitConnectedDeviceGone(t *testing.T) {
	for _, tc := range []struct {
		name       string
		limit      time.Duration
		at         time.Duration // when it vanishes
		comes      time.Duration // back; 0: never
		ends       time.Duration
		mayConnect bool
	}{
		{"for ever", 2 * time.Minute, 12 * time.Second, 0, 2 * time.Minute, false},
		{"with a short limit", 12 * time.Second, 8 * time.Second, 0, 12 * time.Second, false},
		{"just before the limit", 12 * time.Second, 11 * time.Second, 0, 13 * time.Second, false},
		{"for a while", 2 * time.Minute, 12 * time.Second, 70 * time.Second, 75 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sec1Device(t, "pop")
				w := newWire(d)
				here := time.Now()
				gone := &absent{wire: w, from: here.Add(tc.at), to: here.Add(tc.comes)}
				if tc.comes == 0 {
					gone.to = here.Add(time.Hour)
				}
				d.hook = func(endpoint string, _ []byte) ([]byte, error) {
					if endpoint == endpointConfig && tc.comes != 0 && time.Since(here) > tc.comes {
						return connectedAnswer(), nil
					}
					return nil, errPass
				}
				c := newClient(t, gone, Config{Security: Security1, PoP: "pop", PollTimeout: tc.limit})
				defer c.Close()
				require.NoError(t, c.Connect(t.Context()))
				_, err := c.WaitConnected(t.Context())
				if tc.mayConnect {
					require.NoError(t, err)
					require.LessOrEqual(t, time.Since(here), tc.ends+5*time.Second)
					return
				}
				require.ErrorIs(t, err, ErrTimeout)
				require.NotErrorIs(t, err, context.DeadlineExceeded, "no context of the caller's has ended")
				require.Equal(t, tc.ends, time.Since(here))
			})
		})
	}
}

// connectedAnswer is an answer to GetStatus.
func connectedAnswer() []byte {
	return (&pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeRespGetStatus, WhichPayload: pb.WiFiConfigPayloadRespGetStatus,
		RespGetStatus: connected}).AppendTo(nil)
}

// absent is a device that does not answer for a while.
type absent struct {
	*wire
	from, to time.Time
}

func (a *absent) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if now := time.Now(); now.After(a.from) && now.Before(a.to) {
		limit := time.NewTimer(30 * time.Second)
		defer limit.Stop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-limit.C:
			return nil, fmt.Errorf("%w: no answer within 30s", ErrTimeout)
		}
	}
	return a.wire.Do(ctx, endpoint, body)
}

// What ends WaitConnected at once: the caller, Close, an end of the transport, and
// a session that there was not.
func TestWaitConnectedEndsAtOnce(t *testing.T) {
	cutAll := func(t *testing.T, transport string) *Client {
		cut := &cutter{cut: func(int) bool { return true }}
		c := newClient(t, waitRigs(t, sec1Device(t, "pop"), cut)[transport](), Config{PoP: "pop"})
		require.NoError(t, c.Connect(t.Context()))
		cut.counting = true
		return c
	}
	synctest.Test(t, func(t *testing.T) {
		c := cutAll(t, "HTTP")
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.WaitConnected(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrTimeout)
		require.Equal(t, 7*time.Second, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) {
		c := cutAll(t, "BLE")
		time.AfterFunc(7*time.Second, func() { c.Close() })
		began := time.Now()
		_, err := c.WaitConnected(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, 7*time.Second, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) { // a stream that has ended does not come back
		d := sec1Device(t, "pop")
		line := &terminal{}
		line.reply = func(text string) string {
			endpoint, rest, _ := strings.Cut(text, " ")
			body, _ := hex.DecodeString(rest[strings.IndexByte(rest, ' ')+1:])
			if endpoint == endpointConfig {
				line.conn.Close()
			}
			answer, _ := d.serve(endpoint, body)
			return asHex(string(answer))
		}
		c := newClient(t, attach(t, line, ConsoleConfig{}), Config{PoP: "pop"})
		require.NoError(t, c.Connect(t.Context()))
		began := time.Now()
		_, err := c.WaitConnected(t.Context())
		require.ErrorContains(t, err, "the stream ended")
		require.Zero(t, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) { // an earlier operation lost the session
		d := sec1Device(t, "pop")
		c := newClient(t, newWire(d), Config{PoP: "pop"})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		_, err := c.Custom(t.Context(), "nowhere", []byte("x"))
		require.ErrorIs(t, err, ErrSessionLost)
		sent := len(d.requests())
		_, err = c.WaitConnected(t.Context())
		require.ErrorIs(t, err, ErrSessionLost)
		require.Len(t, d.requests(), sent)
	})
}

// Another operation that loses the session between two questions does not end the
// waiting, and one that takes long does not make it longer.
func TestWaitConnectedAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "pop")
		d.statuses = []pb.RespGetStatus{connecting, connected}
		c := newClient(t, newWire(d), Config{PoP: "pop"})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		time.AfterFunc(time.Second, func() { _, _ = c.Custom(context.Background(), "nowhere", []byte("x")) })
		began := time.Now()
		_, err := c.WaitConnected(t.Context())
		require.NoError(t, err)
		require.Equal(t, 5*time.Second, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) {
		d := sec1Device(t, "pop")
		c := newClient(t, slowCustom{newWire(d)}, Config{PoP: "pop", PollTimeout: 12 * time.Second})
		defer c.Close()
		require.NoError(t, c.Connect(t.Context()))
		time.AfterFunc(time.Second, func() { _, _ = c.Custom(context.Background(), "custom-data", []byte("x")) })
		began := time.Now()
		_, err := c.WaitConnected(t.Context())
		require.ErrorIs(t, err, ErrTimeout)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ErrSessionLost)
		require.Equal(t, 12*time.Second, time.Since(began))
	})
}

// slowCustom takes a minute for custom-data.
type slowCustom struct{ *wire }

func (s slowCustom) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if endpoint == "custom-data" {
		select {
		case <-time.After(time.Minute):
		case <-s.closed:
			return nil, ErrClosed
		}
	}
	return s.wire.Do(ctx, endpoint, body)
}

// A time-out carries the details that the device has, and what follows from them.
func TestWaitConnectedTimeoutTellsDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := telling(pb.RespProvStatus{Version: 1, State: pb.ProvStateConnecting, Attempt: 3, Step: pb.ProvStepDhcp,
			ApSSID: []byte("HomeNet"), ApBSSID: []byte{2, 0, 0, 0, 0, 1}, ApChannel: 6, ApRSSI: -47})
		c := dialWire(t, d, Config{PollTimeout: 12 * time.Second})
		_, err := c.Version(t.Context())
		require.NoError(t, err)
		_, err = c.WaitConnected(t.Context())
		require.ErrorIs(t, err, ErrTimeout)
		require.NotErrorIs(t, err, ErrSessionLost)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 3, e.Details.Attempt)
		require.Equal(t, "client: wait: prov-config: timed out: connecting after 12s: attempt 3 at DHCP, HomeNet on channel 6 with -47 dBm "+
			"(the credentials are right, but the network gives the device no address: check its router)", err.Error())
	})
}

// A server that is gone with its connection.
func TestHTTPConnectionBreaks(t *testing.T) {
	for name, end := range map[string]func(c net.Conn){
		"before the request is read": func(net.Conn) {},
		"in the middle of it": func(c net.Conn) {
			_, _ = bufio.NewReaderSize(c, 16).ReadByte()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeNet()
			p.serveRaw(t, func(_ int, c net.Conn) { end(c) })
			h := newTestHTTP(t, p, HTTPConfig{})
			_, err := h.Do(t.Context(), "prov-config", []byte("x"))
			require.ErrorIs(t, err, ErrNoAnswer, name)
			require.NotErrorIs(t, err, ErrRefused, name)
		})
	}
	// Over TCP: a reset.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			readRequest(t, bufio.NewReader(c))
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	h, err := NewHTTP(HTTPConfig{Address: l.Addr().String()})
	require.NoError(t, err)
	defer h.Close()
	_, err = h.Do(t.Context(), "prov-config", []byte("x"))
	require.ErrorIs(t, err, ErrNoAnswer)
	require.NotErrorIs(t, err, ErrRefused)
}
