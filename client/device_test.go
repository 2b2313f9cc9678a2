// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/internal/pb"
)

// What a fake device does instead of answering.
var (
	errHangUp     = errors.New("device: hang up")
	errNoEndpoint = errors.New("device: no such endpoint")
)

// deviceSession is the device's half of a security mode.
type deviceSession interface {
	Handshake(dst, req []byte) ([]byte, error)
	Established() bool
	Decrypt(req []byte) ([]byte, error)
	Encrypt(dst, resp []byte) ([]byte, error)
}

// device is a fake device. Its fields say how it behaves; they are not
// changed while a client talks to it.
type device struct {
	security func() deviceSession // nil: security 0
	version  string
	networks []pb.WiFiScanResult
	statuses []pb.RespGetStatus // one for each question, the last one again and again
	running  int                // so many ScanStatus answers say "not finished"

	// hook, if it is not nil, may answer in place of the device; it sees
	// the plaintext. errPass lets the device answer.
	hook func(endpoint string, plain []byte) ([]byte, error)
	// raw is the same with the body as it came, before decryption.
	raw func(endpoint string, body []byte) ([]byte, error)

	mu      sync.Mutex
	session deviceSession
	start   time.Time
	log     []string        // "endpoint hex" of each request, decrypted
	times   []time.Duration // when it came, since the first
	polls   int
	status  int
	config  pb.CmdSetConfig
	applied int
	resets  []pb.WiFiCtrlMsgType
}

var errPass = errors.New("device: answer it yourself")

// serve is one exchange.
func (d *device) serve(endpoint string, body []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.start.IsZero() {
		d.start = time.Now()
	}
	d.times = append(d.times, time.Since(d.start))
	if d.raw != nil {
		if answer, err := d.raw(endpoint, body); err != errPass {
			d.log = append(d.log, endpoint+" "+hex.EncodeToString(body))
			return answer, err
		}
	}
	if endpoint == "proto-ver" || endpoint == "prov-session" || d.security == nil {
		d.log = append(d.log, endpoint+" "+hex.EncodeToString(body))
		if d.hook != nil {
			if answer, err := d.hook(endpoint, body); err != errPass {
				return answer, err
			}
		}
	}
	switch {
	case endpoint == "proto-ver":
		return []byte(d.version), nil
	case endpoint == "prov-session" && d.security == nil:
		return unhex("52050801aa0100"), nil
	case endpoint == "prov-session":
		if d.session == nil {
			d.session = d.security()
		}
		return orHangUp(d.session.Handshake(nil, body))
	case d.security == nil:
		return d.handle(endpoint, body)
	case d.session == nil || !d.session.Established():
		return nil, errHangUp
	}
	plain, err := d.session.Decrypt(append([]byte{}, body...))
	if err != nil {
		return nil, errHangUp
	}
	d.log = append(d.log, endpoint+" "+hex.EncodeToString(plain))
	var answer []byte
	err = errPass
	if d.hook != nil {
		answer, err = d.hook(endpoint, plain)
	}
	if err == errPass {
		answer, err = d.handle(endpoint, plain)
	}
	if err != nil {
		return nil, err
	}
	return orHangUp(d.session.Encrypt(nil, answer))
}

func orHangUp(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, errHangUp
	}
	return b, nil
}

// handle answers a request that was decrypted.
func (d *device) handle(endpoint string, plain []byte) ([]byte, error) {
	switch endpoint {
	case "prov-config":
		var m pb.WiFiConfigPayload
		if m.Unmarshal(plain) != nil {
			return nil, errHangUp
		}
		return d.handleConfig(&m)
	case "prov-scan":
		var m pb.WiFiScanPayload
		if m.Unmarshal(plain) != nil {
			return nil, errHangUp
		}
		return d.handleScan(&m)
	case "prov-ctrl":
		var m pb.WiFiCtrlPayload
		if m.Unmarshal(plain) != nil {
			return nil, errHangUp
		}
		d.resets = append(d.resets, m.Msg)
		r := pb.WiFiCtrlPayload{Msg: m.Msg + 1, WhichPayload: pb.WiFiCtrlPayloadRespCtrlReset}
		if m.Msg == pb.WiFiCtrlMsgTypeCmdCtrlReprov {
			r.WhichPayload = pb.WiFiCtrlPayloadRespCtrlReprov
		}
		return r.AppendTo(nil), nil
	case "custom-data":
		return append([]byte("echo:"), plain...), nil
	}
	return nil, errNoEndpoint
}

func (d *device) handleConfig(m *pb.WiFiConfigPayload) ([]byte, error) {
	r := pb.WiFiConfigPayload{Msg: m.Msg + 1}
	switch m.Msg {
	case pb.WiFiConfigMsgTypeCmdGetStatus:
		r.WhichPayload = pb.WiFiConfigPayloadRespGetStatus
		r.RespGetStatus.StaState = pb.WiFiStationStateConnecting
		if len(d.statuses) > 0 {
			r.RespGetStatus = d.statuses[min(d.status, len(d.statuses)-1)]
			d.status++
		}
	case pb.WiFiConfigMsgTypeCmdSetConfig:
		r.WhichPayload = pb.WiFiConfigPayloadRespSetConfig
		d.config = pb.CmdSetConfig{
			SSID: append([]byte{}, m.CmdSetConfig.SSID...), Passphrase: append([]byte{}, m.CmdSetConfig.Passphrase...),
			BSSID: append([]byte{}, m.CmdSetConfig.BSSID...), Channel: m.CmdSetConfig.Channel,
		}
	case pb.WiFiConfigMsgTypeCmdApplyConfig:
		r.WhichPayload = pb.WiFiConfigPayloadRespApplyConfig
		if d.applied++; d.applied > 1 {
			r.RespApplyConfig.Status = pb.StatusInternalError
		}
	default:
		return nil, errHangUp
	}
	return r.AppendTo(nil), nil
}

func (d *device) handleScan(m *pb.WiFiScanPayload) ([]byte, error) {
	r := pb.WiFiScanPayload{Msg: m.Msg + 1}
	switch m.Msg {
	case pb.WiFiScanMsgTypeCmdScanStart:
		r.WhichPayload = pb.WiFiScanPayloadRespScanStart
	case pb.WiFiScanMsgTypeCmdScanStatus:
		r.WhichPayload = pb.WiFiScanPayloadRespScanStatus
		d.polls++
		r.RespScanStatus.ScanFinished = d.polls > d.running
		r.RespScanStatus.ResultCount = uint32(len(d.networks))
	case pb.WiFiScanMsgTypeCmdScanResult:
		r.WhichPayload = pb.WiFiScanPayloadRespScanResult
		from, to := int(m.CmdScanResult.StartIndex), int(m.CmdScanResult.StartIndex+m.CmdScanResult.Count)
		if to > len(d.networks) {
			return nil, errHangUp
		}
		r.RespScanResult.Entries = d.networks[from:to]
	default:
		return nil, errHangUp
	}
	return r.AppendTo(nil), nil
}

// requests returns the log so far.
func (d *device) requests() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.log...)
}

// pollTimes is when the n last requests came.
func (d *device) pollTimes(n int) []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]time.Duration{}, d.times[len(d.times)-n:]...)
}

// ServeHTTP makes the device an HTTP server with a cookie.
func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	answer, err := d.serve(strings.TrimPrefix(r.URL.Path, "/"), body)
	switch err {
	case nil:
		if r.Header.Get("Cookie") == "" {
			w.Header().Set("Set-Cookie", "session=4161422889")
		}
		w.Write(answer)
	case errNoEndpoint:
		w.Header().Set("Connection", "close")
		http.Error(w, "Nothing matches the given URI", http.StatusNotFound)
	default:
		panic(http.ErrAbortHandler)
	}
}

// wire is a Transport that calls a device directly.
type wire struct {
	d      *device
	page   int           // >0: ScanPageSize
	delay  time.Duration // time for a request
	closed chan struct{}
	once   sync.Once
}

func newWire(d *device) *wire { return &wire{d: d, closed: make(chan struct{})} }

func (w *wire) Do(ctx context.Context, endpoint string, body []byte) ([]byte, error) {
	if w.delay > 0 {
		select {
		case <-time.After(w.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.closed:
			return nil, ErrClosed
		}
	}
	answer, err := w.d.serve(endpoint, append([]byte{}, body...))
	switch err {
	case errHangUp:
		return nil, fmt.Errorf("%w: fake", ErrRefused)
	case errNoEndpoint:
		return nil, ErrNoEndpoint
	}
	return answer, err
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// bleWire has short answers.
type bleWire struct{ *wire }

func (w bleWire) ScanPageSize() int { return w.page }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// airOf makes n networks, strongest first.
func airOf(n int) []pb.WiFiScanResult {
	list := make([]pb.WiFiScanResult, n)
	for i := range list {
		list[i] = pb.WiFiScanResult{
			SSID: fmt.Appendf(nil, "net%02d", i), Channel: uint32(1 + i%13), RSSI: int32(-30 - i),
			BSSID: []byte{2, 0, 0, 0, 0, byte(i)}, Auth: pb.WiFiAuthMode(i % 11),
		}
	}
	return list
}

// Answers to GetStatus.
var (
	connecting = pb.RespGetStatus{StaState: pb.WiFiStationStateConnecting}
	connected  = pb.RespGetStatus{
		WhichState: pb.RespGetStatusConnected,
		Connected: pb.WiFiConnectedState{IP4Addr: "192.168.1.77", AuthMode: 3, SSID: []byte("HomeNet"),
			BSSID: []byte{2, 0x11, 0x22, 0x33, 0x44, 1}, Channel: 6},
	}
	authError = pb.RespGetStatus{StaState: pb.WiFiStationStateConnectionFailed, WhichState: pb.RespGetStatusFailReason}
	notFound  = pb.RespGetStatus{StaState: pb.WiFiStationStateConnectionFailed, WhichState: pb.RespGetStatusFailReason,
		FailReason: pb.WiFiConnectFailedReasonNetworkNotFound}
)

func attemptsLeft(n uint32) pb.RespGetStatus {
	return pb.RespGetStatus{StaState: pb.WiFiStationStateConnecting, WhichState: pb.RespGetStatusAttemptFailed,
		AttemptFailed: pb.WiFiAttemptFailed{AttemptsRemaining: n}}
}

// dialWire returns a connected security 0 client of d.
func dialWire(t testing.TB, d *device, cfg Config) *Client {
	t.Helper()
	return dialTransport(t, newWire(d), cfg)
}

func newClient(t testing.TB, tr Transport, cfg Config) *Client {
	t.Helper()
	c, err := New(tr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dialTransport(t testing.TB, tr Transport, cfg Config) *Client {
	t.Helper()
	if cfg.Security == SecurityAuto {
		cfg.Security = Security0
	}
	c := newClient(t, tr, cfg)
	t.Cleanup(func() { c.Close() })
	if err := c.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}
