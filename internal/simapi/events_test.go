// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// some is what tests look at of an answer with events.
type some struct {
	Events []struct {
		Number               uint64
		Device, Name, Detail string
		Exchange             object
	}
	Position, Missed uint64
}

// Whoever asks again from the last position gets every event once.
func TestNothingIsLost(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		require.NoError(t, r.provision("PROV_1", simdevice.Right))
		time.Sleep(time.Minute)
		want := r.api.log.position()
		got := uint64(0)
		position := uint64(0)
		for position < want {
			answer := must[some](r, "GET", fmt.Sprintf("/v1/events?after=%d&limit=3", position), "")
			require.Zero(t, answer.Missed)
			require.LessOrEqual(t, len(answer.Events), 3)
			for _, e := range answer.Events {
				got++
				require.Equal(t, got, e.Number)
				require.Equal(t, e.Name == "EXCHANGE", e.Exchange != nil)
			}
			position = answer.Position
		}
		require.Equal(t, want, got)
		named := must[some](r, "GET", "/v1/events?device=PROV_1&name=PROV_START,PROV_END", "")
		require.Len(t, named.Events, 2)
		require.Equal(t, want, named.Position)
		require.Empty(t, must[some](r, "GET", "/v1/events?device=PROV_2&name=PROV_END", "").Events)
		for target, want := range map[string]string{
			"/v1/events?after=26":         `after is 26, and the last event has the number 25; if the simulator was started anew, begin with after=0`,
			"/v1/events?limit=0":          `limit is "0"; it has to be a number from 1 to 1000`,
			"/v1/events?device=a":         `there is no device "a"`,
			"/v1/events?name=prov_end":    `name is "prov_end"; it has to be names of events with commas between, for example PROV_END,FAULT`,
			"/v1/events?wait=6m":          `wait is "6m"; it has to be a duration up to 5m0s, for example 30s`,
			"/v1/events?wait=5":           `wait is "5"; it has to be a duration up to 5m0s, for example 30s`,
			"/v1/events/stream?after=now": `after is "now"; it has to be a number from 0 to 18446744073709551615`,
		} {
			require.Equal(t, want, r.refused(400, "GET", target, ""))
		}
	})
}

func TestWait(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		start := time.Now()
		at := r.api.log.position()
		answer := must[some](r, "GET", fmt.Sprintf("/v1/events?after=%d&wait=30s", at), "")
		require.Empty(t, answer.Events)
		require.Equal(t, at, answer.Position)
		require.Equal(t, 30*time.Second, time.Since(start))
		require.NoError(t, r.fleet.Device("PROV_1").Inject(simdevice.Fault{Kind: simdevice.Reboot, After: 10 * time.Second}))
		start = time.Now()
		answer = must[some](r, "GET", fmt.Sprintf("/v1/events?after=%d&wait=30s&device=PROV_1&name=PROV_START", at), "")
		require.Len(t, answer.Events, 1)
		require.Equal(t, "PROV_1", answer.Events[0].Device)
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

// What is forgotten is counted.
func TestMissed(t *testing.T) {
	bubble(t, three, Config{KeepEvents: 5}, func(t *testing.T, r *rig) {
		last := r.api.log.position()
		answer := must[some](r, "GET", "/v1/events?limit=2", "")
		require.Equal(t, last-5, answer.Missed)
		require.Equal(t, last-4, answer.Events[0].Number)
		require.Len(t, answer.Events, 2)
		answer = must[some](r, "GET", fmt.Sprintf("/v1/events?after=%d", answer.Position), "")
		require.Zero(t, answer.Missed)
		require.Len(t, answer.Events, 3)
	})
}

// stream is an open stream of events.
type stream struct {
	*testing.T
	lines *bufio.Scanner
	close func()
}

// serve serves the API in memory, and returns a client.
func (r *rig) serve() *http.Client {
	network := &simnet.Network{Buffer: 4096}
	l, err := network.Listen()
	require.NoError(r, err)
	go func() { require.NoError(r, r.api.Serve(l)) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return network.DialContext(ctx) }}
	r.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (r *rig) stream(c *http.Client, target, lastID string) *stream {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), "GET", "http://192.168.4.1"+target, nil)
	require.NoError(r, err)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := c.Do(req)
	require.NoError(r, err)
	require.Equal(r, 200, resp.StatusCode)
	require.Equal(r, "text/event-stream", resp.Header.Get("Content-Type"))
	s := &stream{r.T, bufio.NewScanner(resp.Body), func() { _ = resp.Body.Close() }}
	s.lines.Buffer(nil, 1<<20)
	r.Cleanup(s.close)
	return s
}

// next returns the next message of a stream; "": it has ended.
func (s *stream) next() string {
	var lines []string
	beats := 0
	for s.lines.Scan() {
		switch line := s.lines.Text(); line {
		case ":": // a heartbeat
			beats++
			require.Less(s, beats, 1000, "nothing comes")
		case "":
			if len(lines) > 0 {
				return strings.Join(lines, "\n")
			}
		default:
			lines = append(lines, line)
		}
	}
	return ""
}

func TestStream(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		c := r.serve()
		live := r.stream(c, "/v1/events/stream?device=PROV_1&name=POWER_OFF", "")
		past := r.stream(c, "/v1/events/stream?after=0", "")
		require.Contains(t, past.next(), `id: 1`+"\n"+`data: {"number":1,"time":"2000-01-01T00:00:00Z","device":"PROV_1","name":"POWER_ON"}`)
		again := r.stream(c, "/v1/events/stream?after=0", "3")
		require.Contains(t, again.next(), "id: 4\n")
		require.Contains(t, r.stream(c, "/v1/events/stream", "3000").next(), "id: 1\n")
		time.Sleep(time.Hour) // nothing happens
		r.fleet.Device("PROV_1").PowerCut()
		message := live.next()
		require.Contains(t, message, `"name":"POWER_OFF","detail":"power cut"`)
		_, data, _ := strings.Cut(message, "\ndata: ")
		var v any
		require.NoError(t, json.Unmarshal([]byte(data), &v))
		doc := description(t)
		checkValue(t, doc, at(t, doc, "components", "schemas", "Event"), v, "stream")
		r.api.Close()
		require.Empty(t, live.next())
	})
}

// Nobody waits for a reader that does not read: it is cut off, and one that is slow
// is told how much it missed.
func TestSlowReaders(t *testing.T) {
	bubble(t, three, Config{KeepEvents: 100}, func(t *testing.T, r *rig) {
		c := r.serve()
		dead := r.stream(c, "/v1/events/stream?after=0", "")
		slow := r.stream(c, "/v1/events/stream?after=0", "")
		require.Contains(t, slow.next(), "id: 1\n")
		before := time.Now()
		for range 100 {
			require.NoError(t, r.fleet.Device("OTHER_3").Reboot())
		}
		require.Equal(t, before, time.Now())
		synctest.Wait()
		var gap string
		for gap == "" {
			message := slow.next()
			require.NotEmpty(t, message)
			if strings.HasPrefix(message, "event: gap") {
				gap = message
			}
		}
		require.Regexp(t, `^event: gap\ndata: \{"missed":\d+\}$`, gap)
		require.Len(t, r.api.waiting, 2)
		go func() {
			for slow.next() != "" { // it goes on reading
			}
		}()
		time.Sleep(writeTimeout + time.Second)
		require.Len(t, r.api.waiting, 1)
		for dead.next() != "" { // what was under way
		}
		require.Equal(t, writeTimeout+time.Second, time.Since(before))
	})
}

// Requests that wait are limited in number, and end with the server.
func TestWaitingIsBounded(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		answers := make(chan int, maxWaiting)
		for range maxWaiting {
			go func() {
				rec := httptest.NewRecorder()
				r.api.ServeHTTP(rec, httptest.NewRequest("GET", "http://localhost/v1/events?after=12&wait=5m", nil))
				answers <- rec.Code
			}()
		}
		synctest.Wait()
		for _, target := range []string{"/v1/events", "/v1/events/stream"} {
			require.Contains(t, r.refused(503, "GET", target, ""), "256 requests wait for events already")
		}
		r.api.Close()
		r.api.Close()
		for range maxWaiting {
			require.Equal(t, 503, <-answers)
		}
		require.Empty(t, r.api.waiting)
	})
}

// The server gives up on requests that do not arrive.
func TestServerTimeouts(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		network := &simnet.Network{}
		l, err := network.Listen()
		require.NoError(t, err)
		go func() { require.NoError(t, r.api.Serve(l)) }()
		for text, want := range map[string]string{
			"GET /metrics HTTP/1.1\r\n": "",
			"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{":                                                   "HTTP/1.1 200 OK\r\n",
			"POST /v1/devices/PROV_1/faults HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{": "HTTP/1.1 408 Request Timeout\r\n",
			"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n":                            "HTTP/1.1 431 Request Header Fields Too Large\r\n",
		} {
			conn, err := network.DialContext(t.Context())
			require.NoError(t, err)
			before := time.Now()
			go func() { _, _ = conn.Write([]byte(text)) }()
			line, _ := bufio.NewReader(conn).ReadString('\n')
			require.Equal(t, want, line)
			_, err = io.Copy(io.Discard, conn) // until the server closes it
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(before), readTimeout+time.Second)
			require.NoError(t, conn.Close())
		}
		r.api.Close()
		late, err := network.Listen()
		require.NoError(t, err)
		require.NoError(t, r.api.Serve(late)) // at once
		time.Sleep(time.Second)               // net/http lingers when it has refused a header
	})
}
