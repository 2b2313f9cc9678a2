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
	// Passphrase, at most 63 bytes; empty: an open network. A network's key
	// of 64 hexadecimal digits may take its place, but the C original refuses
	// one (Q-E13).
	Passphrase hal.Secret
	// BSSID of the access point to use; zero: any. The C original ignores
	// it (Q-E12).
	BSSID hal.BSSID
	// Channel of the network; 0: unknown. The C original ignores it (Q-E12).
	Channel int
}

// check finds what a device would refuse, or cut.
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

// Configure sends credentials. The device keeps them until Apply; a second
// Configure replaces them. What the device would refuse is refused before
// anything is sent, with [ErrCredentials]. It needs a session.
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

// Apply tells the device to join the network that Configure named. The answer
// comes before the device begins; [Client.WaitConnected] tells the outcome.
// A device that has credentials already answers InternalError until Reset or
// Reprovision.
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

// configRequest sends m to prov-config, receives the answer in it and checks
// that it is of the right kind. check may be nil; it sees the answer while its
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

// statusError is the error for a status of prov-config, if it is one.
func (c *Client) statusError(op string, s pb.Status, hint string) error {
	if err := checkStatus(s); err != nil {
		return &Error{Op: op, Endpoint: endpointConfig, Err: err, Hint: hint}
	}
	return nil
}

// Custom sends data to an endpoint of the device's application and returns its
// answer, both protected by the session. HTTP cannot carry empty data.
//
// A handler of the device that fails looks like every other refusal, and
// loses the session.
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
// credentials (prov-ctrl, since ESP-IDF v5.1). A device without prov-ctrl
// gives an error that matches [ErrNoEndpoint], and the session is lost.
func (c *Client) Reset(ctx context.Context) error {
	return c.do(ctx, "reset", func() error {
		c.report(StepReset, "")
		return c.ctrlRequest(ctx, "reset", pb.WiFiCtrlMsgTypeCmdCtrlReset, pb.WiFiCtrlPayloadRespCtrlReset,
			"a device takes it only after a failed attempt to join")
	})
}

// Reprovision tells a device that joined its network, and still serves, to
// accept other credentials (prov-ctrl, since ESP-IDF v5.1). Errors as Reset.
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
