// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/netip"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/status"
)

// State is what a device reports about its network.
type State = status.State

// States.
const (
	// StateConnecting: joining, or waiting for credentials.
	StateConnecting = status.StateConnecting
	// StateConnected: joined, with an IP address.
	StateConnected = status.StateConnected
	// StateFailed: given up.
	StateFailed = status.StateFailed
	// StateDisconnected: not connected and not trying. Devices use it when
	// they cannot tell. "Connected" without any details, which C originals
	// before network_provisioning send in that case, counts as this.
	StateDisconnected = status.StateDisconnected
	// StateWaiting: no credentials yet. Only Details tell it.
	StateWaiting = status.StateWaiting
	// StateStopping: the service is ending. Only Details tell it.
	StateStopping = status.StateStopping
)

// FailReason is why a device gave up. Zero: the device gave no reason, or an
// unknown one.
type FailReason = status.FailReason

// Fail reasons.
const (
	// ReasonAuthError: the network refused the device, usually because of a
	// wrong passphrase.
	ReasonAuthError = status.ReasonAuthError
	// ReasonAPNotFound: no access point of that name is in reach.
	ReasonAPNotFound = status.ReasonAPNotFound
)

// Connection describes the network a device joined. Fields that the device did
// not fill properly are zero.
type Connection struct {
	SSID    hal.SSID
	BSSID   hal.BSSID
	Channel int
	Auth    hal.AuthMode
	IP      netip.Addr // the device's address there
}

// Status is how far a device has come in joining its network.
type Status struct {
	State State
	// Reason, with StateFailed.
	Reason FailReason
	// Retrying, with StateConnecting: an attempt has failed, another one
	// follows, and AttemptsLeft are left (ESP-IDF v5.4.1 and later).
	Retrying     bool
	AttemptsLeft int
	// Connection, with StateConnected.
	Connection Connection
}

// String describes the status in a few words.
func (s Status) String() string {
	switch {
	case s.State == StateConnected:
		return "connected to " + s.Connection.SSID.String() + " as " + s.Connection.IP.String()
	case s.State == StateFailed:
		return "failed: " + s.Reason.String()
	case s.Retrying:
		return "attempt failed, " + strconv.Itoa(s.AttemptsLeft) + " left"
	}
	return s.State.String()
}

// Err is nil while the device is connecting or connected, else an error that
// matches [ErrConnectionFailed] and the sentinel of its reason.
func (s Status) Err() error {
	switch {
	case s.State == StateDisconnected:
		return ErrDisconnected
	case s.State != StateFailed:
		return nil
	case s.Reason == ReasonAuthError:
		return ErrAuth
	case s.Reason == ReasonAPNotFound:
		return ErrNetworkNotFound
	}
	return ErrConnectionFailed
}

// Status asks the device how far it has come. It needs a session. A device that has
// joined its network usually ends its service soon after this question.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.do(ctx, "status", func() (err error) {
		s, err = c.status(ctx, "status")
		return err
	})
	return s, err
}

// status is Status in its turn.
func (c *Client) status(ctx context.Context, op string) (Status, error) {
	m := pb.WiFiConfigPayload{WhichPayload: pb.WiFiConfigPayloadCmdGetStatus}
	var s Status
	err := c.configRequest(ctx, op, &m, pb.WiFiConfigPayloadRespGetStatus, func() (err error) {
		if m.RespGetStatus.Status != pb.StatusSuccess {
			return nil
		}
		s, err = newStatus(&m.RespGetStatus)
		return err
	})
	if err == nil {
		err = c.statusError(op, m.RespGetStatus.Status, "")
	}
	if err != nil {
		return Status{}, err
	}
	step := StepStatus
	if s.State == StateConnected {
		step = StepConnected
	}
	if c.cfg.Progress != nil {
		c.cfg.Progress(Progress{Step: step, Detail: s.String(), Status: s})
	}
	return s, nil
}

// newStatus copies an answer.
func newStatus(r *pb.RespGetStatus) (Status, error) {
	switch r.StaState {
	case pb.WiFiStationStateConnected:
		if r.WhichState != pb.RespGetStatusConnected {
			return Status{State: StateDisconnected}, nil
		}
		s := Status{State: StateConnected}
		cn := &r.Connected
		if len(cn.SSID) > hal.MaxSSID {
			return Status{}, badAnswer("SSID of %d bytes", len(cn.SSID))
		}
		s.Connection = Connection{SSID: hal.SSID(cn.SSID), Channel: int(cn.Channel), Auth: authMode(cn.AuthMode)}
		if len(cn.BSSID) == len(s.Connection.BSSID) { // may be wrong: Q-E2
			copy(s.Connection.BSSID[:], cn.BSSID)
		}
		if ip, err := netip.ParseAddr(cn.IP4Addr); err == nil && ip.Is4() {
			s.Connection.IP = ip
		}
		return s, nil
	case pb.WiFiStationStateConnecting:
		s := Status{State: StateConnecting}
		if r.WhichState == pb.RespGetStatusAttemptFailed {
			s.Retrying = true
			s.AttemptsLeft = int(min(r.AttemptFailed.AttemptsRemaining, 1<<30))
		}
		return s, nil
	case pb.WiFiStationStateDisconnected:
		return Status{State: StateDisconnected}, nil
	case pb.WiFiStationStateConnectionFailed:
		s := Status{State: StateFailed}
		switch {
		case r.WhichState != pb.RespGetStatusFailReason:
		case r.FailReason == pb.WiFiConnectFailedReasonAuthError:
			s.Reason = ReasonAuthError
		case r.FailReason == pb.WiFiConnectFailedReasonNetworkNotFound:
			s.Reason = ReasonAPNotFound
		}
		return s, nil
	}
	return Status{}, badAnswer("station state %d", r.StaState)
}

// Provision does the whole provisioning: it connects if there is no session, sends
// the credentials, applies them and waits for the outcome as WaitConnected does.
func (c *Client) Provision(ctx context.Context, cr Credentials) (Connection, error) {
	if err := cr.check(); err != nil { // before anything is sent
		return Connection{}, opError("configure", "", err)
	}
	err := c.do(ctx, "connect", func() error {
		if c.session == nil {
			if err := c.connect(ctx); err != nil {
				return err
			}
		}
		if err := c.configure(ctx, cr); err != nil {
			return err
		}
		return c.apply(ctx)
	})
	if err != nil {
		return Connection{}, err
	}
	return c.WaitConnected(ctx)
}
