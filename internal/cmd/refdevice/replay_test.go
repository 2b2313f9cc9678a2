// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// recorded is one line of a recording.
type recorded struct {
	Conn    int
	T       float64 // seconds since the start
	Ms      float64 // until the answer
	Event   string
	Request struct {
		Method, Path string
		Headers      [][2]string
		Body         string `json:"body_hex"`
	}
	Response struct {
		Status  int
		Headers [][2]string
		Body    string `json:"body_hex"`
	}
}

// The recordings of security 0 with the genuine client, replayed at the pace at
// which they were taken: every body is the same, byte for byte.
func TestReplaySecurity0(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(spectest.Path(t, "records"), "*", "sec0-*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		release := filepath.Base(filepath.Dir(file))
		t.Run(release+"/"+filepath.Base(file), func(t *testing.T) {
			options := deviceOptions(t, strings.TrimSuffix(file, ".jsonl")+".meta.json")
			style := map[string]string{"v4.4": "v4.4", "np1.2": "netprov"}[release]
			replay(t, append(options, "--sec", "0", "--style", style), readRecording(t, file))
		})
	}
}

func deviceOptions(t *testing.T, file string) []string {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var meta struct {
		Options []string `json:"device_options"`
	}
	require.NoError(t, json.Unmarshal(raw, &meta))
	return meta.Options
}

func readRecording(t *testing.T, file string) (list []recorded) {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range bytes.Lines(raw) {
		var r recorded
		require.NoError(t, json.Unmarshal(line, &r))
		list = append(list, r)
	}
	return list
}

// running is a device with a network in memory.
type running struct {
	*device
	out     *bytes.Buffer
	network *simnet.Network
	done    chan error
}

func runDevice(t *testing.T, network *simnet.Network, args ...string) *running {
	t.Helper()
	opt, err := parseOptions(args, io.Discard)
	require.NoError(t, err)
	r := &running{out: &bytes.Buffer{}, network: network, done: make(chan error, 1)}
	r.device, err = newDevice(opt, r.out)
	require.NoError(t, err)
	r.open = network.Listen
	go func() { r.done <- r.run() }()
	synctest.Wait()
	return r
}

// end stops a device that is still running, and returns what it printed.
func (r *running) end(t *testing.T) []string {
	t.Helper()
	r.Manager.StopProvisioning()
	require.NoError(t, <-r.done)
	return r.printed()
}

func (r *running) printed() []string {
	synctest.Wait()
	return strings.Split(strings.TrimSuffix(r.out.String(), "\n"), "\n")
}

func replay(t *testing.T, args []string, lines []recorded) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Network
		d := runDevice(t, &network, args...)
		conns := map[int]net.Conn{}
		cookie := ""
		origin := time.Now().Add(-time.Duration(lines[0].T * float64(time.Second)))
		for _, line := range lines {
			if line.Event != "" {
				continue
			}
			time.Sleep(time.Until(origin.Add(time.Duration(line.T * float64(time.Second)))))
			conn := conns[line.Conn]
			if conn == nil {
				c, err := network.DialContext(t.Context())
				require.NoError(t, err)
				defer c.Close()
				conn, conns[line.Conn] = c, c
			}
			resp, body := exchange(t, conn, line, cookie)
			if set := resp.Header.Get("Set-Cookie"); set != "" {
				cookie = set
			}
			require.Equal(t, line.Response.Status, resp.StatusCode)
			require.Equal(t, line.Response.Body, hex.EncodeToString(body), "%s %s at %g s", line.Request.Path, line.Request.Body, line.T)
		}
		d.end(t)
	})
}

// exchange sends a recorded request, with our cookie in place of the recorded
// one.
func exchange(t *testing.T, conn net.Conn, line recorded, cookie string) (*http.Response, []byte) {
	var req bytes.Buffer
	fmt.Fprintf(&req, "%s %s HTTP/1.1\r\n", line.Request.Method, line.Request.Path)
	for _, h := range line.Request.Headers {
		if h[0] == "Cookie" {
			h[1] = cookie
		}
		fmt.Fprintf(&req, "%s: %s\r\n", h[0], h[1])
	}
	body, err := hex.DecodeString(line.Request.Body)
	require.NoError(t, err)
	fmt.Fprintf(&req, "\r\n%s", body)
	_, err = conn.Write(req.Bytes())
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, answer
}

// post sends one request and returns the answer's body; nil when there is none.
func post(t *testing.T, conn net.Conn, endpoint, body string) []byte {
	_, err := fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", endpoint, len(body), body)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer
}
