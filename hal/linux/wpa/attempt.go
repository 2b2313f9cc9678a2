// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// attempt is one attempt to join, from SelectNetwork on.
type attempt struct {
	at      *place
	w       radio.Watcher
	cfg     hal.StationConfig
	timeout time.Duration
	path    dbus.ObjectPath // the network; empty: none was added
	ap      hal.AccessPoint // chosen

	step        hal.JoinStep
	auth, assoc int32 // status codes
}

// grace is how long wpa_supplicant may take from the end of a scan to the choice of an
// access point.
const grace = time.Second

// run follows an attempt. It returns 0 when the network is joined.
func (a *attempt) run(ctx context.Context, l *listener) (hal.Reason, error) {
	selected := time.Now()
	a.step = hal.JoinScan
	late := time.NewTimer(a.timeout)
	defer late.Stop()
	unchosen := time.NewTimer(a.timeout)
	defer unchosen.Stop()
	scanned := false // by wpa_supplicant itself
	for {
		select {
		case s := <-l.c:
			if s.member == gone {
				return hal.ReasonConnectionFail, errGone
			}
			if s.member == "ScanDone" && s.ok && !scanned {
				scanned = true
				unchosen.Reset(grace)
			}
			reason, over := a.take(s)
			if over {
				return reason, nil
			}
		case <-unchosen.C:
			if a.step == hal.JoinScan {
				return a.missing(ctx, selected)
			}
		case <-late.C:
			return a.codeless(), errSilent(a.timeout)
		case <-a.at.conn.Context().Done():
			return hal.ReasonConnectionFail, errGone
		case <-ctx.Done():
			return hal.ReasonAssocLeave, nil
		}
	}
}

// take handles a signal. over says that the attempt has ended, with reason 0 if the
// network is joined.
func (a *attempt) take(s signal) (reason hal.Reason, over bool) {
	switch s.member {
	case "PskMismatch":
		a.reached(hal.JoinHandshake)
		return hal.Reason4WayHandshakeTimeout, true
	case "SaePasswordMismatch":
		a.reached(hal.JoinAuth)
		return hal.ReasonAuthFail, true
	}
	// A signal can have a state together with the code that comes after it.
	state := get[string](s.changed, "State")
	switch state {
	case "authenticating":
		a.reached(hal.JoinAuth)
	case "associating", "associated":
		a.reached(hal.JoinAssoc)
	case "4way_handshake", "group_handshake":
		a.reached(hal.JoinHandshake)
	}
	// Codes that are not 0 may be intermediate, as in SAE, and count if the attempt
	// ends.
	if code, told := s.changed["AuthStatusCode"].Value().(int32); told {
		a.auth = code
		a.reached(hal.JoinAuth)
	}
	if code, told := s.changed["AssocStatusCode"].Value().(int32); told {
		a.assoc = code
		a.reached(hal.JoinAssoc)
	}
	if r, told := s.changed["DisconnectReason"].Value().(int32); told {
		return reasonOf(r, a.codeless()), true
	}
	switch state {
	case "completed":
		return 0, true
	case "disconnected", "inactive", "scanning", "interface_disabled":
		if a.step != hal.JoinScan {
			return a.codeless(), true
		}
	}
	return 0, false
}

// reached notes a step, if it is a further one.
func (a *attempt) reached(step hal.JoinStep) {
	if step > a.step {
		a.step = step
		a.w.Step(hal.JoinInfo{Step: step, AP: a.ap})
	}
}

// codeless is the reason of an attempt that ends without a DisconnectReason of the access
// point.
func (a *attempt) codeless() hal.Reason {
	const full = 17 // status code: too many stations
	switch {
	case a.assoc == full:
		return hal.ReasonAssocTooMany
	case a.assoc != 0:
		return hal.ReasonAssocFail
	case a.auth != 0:
		return hal.ReasonAuthFail
	case a.step == hal.JoinHandshake:
		return hal.ReasonHandshakeTimeout
	}
	return hal.ReasonConnectionFail
}

// missing is the reason of an attempt for which wpa_supplicant found no access point in a
// scan of its own, after ours had found one.
func (a *attempt) missing(ctx context.Context, since time.Time) (hal.Reason, error) {
	heard, err := a.at.heard(ctx, a.at.path, since)
	if err != nil {
		return hal.ReasonConnectionFail, err
	}
	_, reason := choose(a.cfg, heard, a.at.can)
	if reason == 0 {
		reason = hal.ReasonConnectionFail // it is there; perhaps the radio cannot go to its channel
	}
	return reason, nil
}
