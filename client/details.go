// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/status"
)

// Problem is trouble of a device that no disconnect reason tells of. Zero: none,
// or an unknown one.
type Problem = status.Problem

// Problems.
const (
	// ProblemRefused: its Wi-Fi driver refused to begin.
	ProblemRefused = status.ProblemRefused
	// ProblemNotStored: the credentials were right, but could not be stored.
	ProblemNotStored = status.ProblemNotStored
)

// IPConfig is a device's IPv4 configuration. Addresses that the device did not tell
// are invalid.
type IPConfig struct {
	Address, Netmask, Gateway, DNS netip.Addr
}

// Details is the answer of the endpoint prov-status, which devices of this library
// may have (docs/prov-status.md). It covers the credentials that the device tried
// last.
type Details struct {
	// State, also StateWaiting or StateStopping.
	State State
	// Attempt is the number of the present or last attempt, from 1; 0: there was
	// none. AttemptsAllowed is the limit, 0 for none, and AttemptsLeft how many
	// attempts are left.
	Attempt, AttemptsAllowed, AttemptsLeft int
	// Step is how far that attempt got.
	Step hal.JoinStep
	// Reason why the last failed attempt failed, as the device's Wi-Fi driver
	// numbers and names it; 0: no attempt failed.
	Reason hal.Reason
	// Problem of another kind.
	Problem Problem
	// AP is the access point of that attempt, with its signal. Its Channel is 0
	// if the device found no access point or does not know it.
	AP hal.AccessPoint
	// IP is set while the device has a link.
	IP IPConfig
}

// String says how the present or last attempt went: "attempt 2 of 3: 4-way
// handshake timeout (15) at 4-way handshake, HomeNet on channel 6 with -47 dBm".
func (d Details) String() string {
	s := d.State.String()
	if d.Attempt > 0 {
		s = "attempt " + strconv.Itoa(d.Attempt)
		if d.AttemptsAllowed > 0 {
			s += " of " + strconv.Itoa(d.AttemptsAllowed)
		}
	}
	switch {
	case d.Problem != 0:
		s += ": " + d.Problem.String()
	case d.Reason != 0 && d.State != StateConnected:
		s += ": " + d.Reason.String()
	}
	if d.Step != hal.JoinUnknown {
		s += " at " + d.Step.String()
	}
	if d.AP.Channel != 0 {
		s += fmt.Sprintf(", %s on channel %d with %d dBm", d.AP.SSID, d.AP.Channel, d.AP.RSSI)
	}
	return s
}

// Details asks the device how its attempts to join go, in more detail than Status.
// The question does not end the service of a device that has joined. Details needs
// a session. It reads proto-ver first, if that was not done yet, because a device
// announces there whether it tells details. If the device does not tell them, the
// error matches [ErrNoEndpoint] and the session is unharmed.
func (c *Client) Details(ctx context.Context) (Details, error) {
	const op = "details"
	var d Details
	err := c.do(ctx, op, func() (err error) {
		if !c.told {
			if _, err := c.fetchVersion(ctx, op); err != nil {
				return err
			}
		}
		if !c.details {
			return &Error{Op: op, Endpoint: endpointStatus, Err: ErrNoEndpoint, Hint: "ask Status"}
		}
		d, err = c.fetchDetails(ctx, op)
		return err
	})
	return d, err
}

// fetchDetails is Details in its turn, for a device that has the endpoint.
func (c *Client) fetchDetails(ctx context.Context, op string) (d Details, err error) {
	c.report(StepDetails, "")
	cmd := pb.CmdProvStatus{Version: 1}
	var resp pb.RespProvStatus
	err = c.request(ctx, op, endpointStatus, cmd.AppendTo(nil), func(b []byte) error {
		if err := resp.Unmarshal(b); err != nil {
			return fmt.Errorf("%w: %w", ErrBadAnswer, err)
		}
		if resp.Status != pb.StatusSuccess {
			return nil
		}
		d, err = newDetails(&resp)
		return err
	})
	if err == nil {
		err = checkStatus(resp.Status)
	}
	if err != nil {
		return Details{}, opError(op, endpointStatus, err)
	}
	return d, nil
}

// failure returns the details of a failure to join, or nil. It ignores its own
// errors: they would hide the failure.
func (c *Client) failure(ctx context.Context, op string) (details *Details) {
	_ = c.do(ctx, op, func() error {
		if !c.details || c.session == nil {
			return nil
		}
		d, err := c.fetchDetails(ctx, op)
		if err == nil {
			details = &d
		}
		return err
	})
	return details
}

// newDetails copies an answer.
func newDetails(r *pb.RespProvStatus) (Details, error) {
	if len(r.ApSSID) > hal.MaxSSID {
		return Details{}, badAnswer("SSID of %d bytes", len(r.ApSSID))
	}
	const many = 1 << 30
	d := Details{
		Attempt:         int(min(r.Attempt, many)),
		AttemptsAllowed: int(min(r.AttemptsAllowed, many)),
		AttemptsLeft:    int(min(r.AttemptsLeft, many)),
		IP:              IPConfig{ipv4(r.IpAddress), ipv4(r.IpNetmask), ipv4(r.IpGateway), ipv4(r.IpDns)},
	}
	if r.State < pb.ProvStateWaiting || r.State > pb.ProvStateStopping {
		return Details{}, badAnswer("state %d", r.State)
	}
	d.State = State(r.State)
	if r.Step >= 0 && r.Step <= pb.ProvStepDone {
		d.Step = hal.JoinStep(r.Step)
	}
	if r.DisconnectReason < 256 {
		d.Reason = hal.Reason(r.DisconnectReason)
	}
	if r.Problem >= 0 && r.Problem <= pb.ProvProblemNotStored {
		d.Problem = Problem(r.Problem)
	}
	if r.ApChannel > 0 && r.ApChannel < 256 && r.ApRSSI >= -128 && r.ApRSSI <= 127 && len(r.ApBSSID) == len(d.AP.BSSID) {
		d.AP = hal.AccessPoint{SSID: hal.SSID(r.ApSSID), Channel: uint8(r.ApChannel), RSSI: int8(r.ApRSSI), Auth: authMode(r.ApAuthMode)}
		copy(d.AP.BSSID[:], r.ApBSSID)
	}
	return d, nil
}

func ipv4(b []byte) netip.Addr {
	if a, ok := netip.AddrFromSlice(b); ok && a.Is4() {
		return a
	}
	return netip.Addr{}
}
