// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// Credentials are what the device needs to join a network.
type Credentials struct {
	// SSID is the network's name, 1 to 32 bytes.
	SSID hal.SSID
	// Passphrase, at most 63 bytes; empty: an open network. It may be the
	// network's key as 64 hexadecimal digits, which the C original refuses.
	Passphrase hal.Secret
	// BSSID of the access point to use; zero: any. The C original ignores
	// it.
	BSSID hal.BSSID
	// Channel of the network; 0: unknown. The C original ignores it.
	Channel int
}

// check finds what a device would refuse or cut.
func (cr *Credentials) check() error {
	wrong := ""
	switch {
	case cr.SSID == "":
		wrong = "the SSID is empty"
	case len(cr.SSID) > hal.MaxSSID:
		wrong = fmt.Sprintf("the SSID has %d bytes, at most %d are allowed", len(cr.SSID), hal.MaxSSID)
	case !hal.ValidPassphrase(cr.Passphrase):
		wrong = fmt.Sprintf("the passphrase has %d bytes, at most %d are allowed, or a key of %d hexadecimal digits",
			len(cr.Passphrase), hal.MaxPassphrase, hal.PSKDigits)
	case strings.IndexByte(string(cr.Passphrase), 0) >= 0:
		wrong = "the passphrase contains a zero byte"
	case cr.Channel < 0 || cr.Channel > 255:
		wrong = fmt.Sprintf("there is no channel %d", cr.Channel)
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrCredentials, wrong)
}

// Configure sends credentials, which the device keeps until Apply. A second
// Configure replaces them. Credentials that the device would refuse give
// [ErrCredentials], and nothing is sent. Configure needs a session.
func (c *Client) Configure(ctx context.Context, cr Credentials) error {
	return c.do(ctx, "configure", func() error { return c.configure(ctx, cr) })
}

// configure is Configure in its turn.
func (c *Client) configure(ctx context.Context, cr Credentials) error {
	const op = "configure"
	if err := cr.check(); err != nil {
		return opError(op, "", err)
	}
	c.report(StepConfigure, "network "+cr.SSID.String())
	m := pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeCmdSetConfig, WhichPayload: pb.WiFiConfigPayloadCmdSetConfig}
	m.CmdSetConfig = pb.CmdSetConfig{SSID: []byte(cr.SSID), Passphrase: []byte(cr.Passphrase), Channel: int32(cr.Channel)}
	if cr.BSSID != (hal.BSSID{}) {
		m.CmdSetConfig.BSSID = cr.BSSID[:]
	}
	if err := c.configRequest(ctx, op, &m, pb.WiFiConfigPayloadRespSetConfig, nil); err != nil {
		return err
	}
	return c.statusError(op, m.RespSetConfig.Status, "check the network's name and passphrase")
}

// Apply tells the device to join the network that Configure named. The device
// answers before it begins; [Client.WaitConnected] returns the outcome. A device
// that has credentials already answers InternalError, until Reset or Reprovision.
func (c *Client) Apply(ctx context.Context) error {
	return c.do(ctx, "apply", func() error { return c.apply(ctx) })
}

// apply is Apply in its turn.
func (c *Client) apply(ctx context.Context) error {
	const op = "apply"
	c.report(StepApply, "")
	m := pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeCmdApplyConfig}
	if err := c.configRequest(ctx, op, &m, pb.WiFiConfigPayloadRespApplyConfig, nil); err != nil {
		return err
	}
	return c.statusError(op, m.RespApplyConfig.Status,
		"it may have credentials already: Reset after a failure, Reprovision after a success, or restart it")
}

// configRequest sends m to prov-config, receives the answer in m and checks that
// the answer is of the right kind. check, if not nil, sees the answer while its
// bytes are valid.
func (c *Client) configRequest(ctx context.Context, op string, m *pb.WiFiConfigPayload,
	want pb.WiFiConfigPayloadCase, check func() error) error {
	msg := m.Msg + 1
	plain := m.AppendTo(nil)
	defer clear(plain) // a passphrase may be in it
	return c.request(ctx, op, endpointConfig, plain, func(b []byte) error {
		if err := m.Unmarshal(b); err != nil {
			return fmt.Errorf("%w: %w", ErrBadAnswer, err)
		}
		if m.Msg != msg || m.WhichPayload != want {
			return badAnswer("message %v instead of %v", m.Msg, msg)
		}
		if check != nil {
			return check()
		}
		return nil
	})
}

// statusError returns the error for a status of prov-config; nil for success.
func (c *Client) statusError(op string, s pb.Status, hint string) error {
	if err := checkStatus(s); err != nil {
		return &Error{Op: op, Endpoint: endpointConfig, Err: err, Hint: hint}
	}
	return nil
}

// Custom sends data to an endpoint of the device's application and returns the
// answer. The session protects both. HTTP cannot carry empty data.
//
// If the device's handler fails, the device refuses the request without a reason,
// and the session is lost.
func (c *Client) Custom(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	const op = "custom"
	var answer []byte
	err := c.do(ctx, op, func() error {
		switch endpoint {
		case "":
			return errors.New("endpoint has no name")
		case endpointSession, endpointVersion:
			return fmt.Errorf("%s is not a custom endpoint", endpoint)
		}
		c.report(StepCustom, hal.SSID(endpoint).String())
		return c.request(ctx, op, endpoint, data, func(b []byte) error {
			answer = append([]byte{}, b...)
			return nil
		})
	})
	return answer, err
}

// Reset tells a device that failed to join its network to accept other
// credentials. Devices can do this since ESP-IDF v5.1. With an older device the
// error matches [ErrNoEndpoint], and the session is lost.
func (c *Client) Reset(ctx context.Context) error {
	return c.do(ctx, "reset", func() error {
		c.report(StepReset, "")
		return c.ctrlRequest(ctx, "reset", pb.WiFiCtrlMsgTypeCmdCtrlReset, pb.WiFiCtrlPayloadRespCtrlReset,
			"a device takes it only after a failed attempt to join")
	})
}

// Reprovision tells a device that has joined its network, and still serves, to
// accept other credentials. Older devices fail as with Reset.
func (c *Client) Reprovision(ctx context.Context) error {
	return c.do(ctx, "reprovision", func() error {
		c.report(StepReprovision, "")
		return c.ctrlRequest(ctx, "reprovision", pb.WiFiCtrlMsgTypeCmdCtrlReprov, pb.WiFiCtrlPayloadRespCtrlReprov,
			"a device takes it only when it joined a network and does not stop by itself")
	})
}

// ctrlRequest sends a command to prov-ctrl.
func (c *Client) ctrlRequest(ctx context.Context, op string, msg pb.WiFiCtrlMsgType,
	want pb.WiFiCtrlPayloadCase, hint string) error {
	m := pb.WiFiCtrlPayload{Msg: msg}
	err := c.request(ctx, op, endpointCtrl, m.AppendTo(nil), func(b []byte) error {
		if err := m.Unmarshal(b); err != nil {
			return fmt.Errorf("%w: %w", ErrBadAnswer, err)
		}
		if m.Msg != msg+1 || m.Status == pb.StatusSuccess && m.WhichPayload != want {
			return badAnswer("message %v instead of %v", m.Msg, msg+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := checkStatus(m.Status); err != nil {
		return &Error{Op: op, Endpoint: endpointCtrl, Err: err, Hint: hint}
	}
	return nil
}
