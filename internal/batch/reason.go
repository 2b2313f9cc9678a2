// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/wifiprov/wifiprov/client"
)

// Class says what kind of failure a reason is.
type Class string

// Classes.
const (
	// Network: another try may succeed.
	Network Class = "network"
	// Data: the row says something else than the device or its network wants.
	Data Class = "data"
	// Environment: this machine cannot go on.
	Environment Class = "environment"
	// Stopped: somebody ended the batch.
	Stopped Class = "stopped"
)

// Reason is why a device is not done, in a few words that stay the same. Reports count by
// it. "": it is done.
type Reason string

// Reasons.
const (
	Unreachable     Reason = "unreachable"
	TimedOut        Reason = "timed out"
	HungUp          Reason = "hung up"
	NoAnswer        Reason = "no answer"
	Refused         Reason = "refused"
	BadAnswer       Reason = "bad answer"
	NotJoined       Reason = "network not joined"
	Other           Reason = "other"
	BadRow          Reason = "bad row"
	NoService       Reason = "no provisioning service"
	WrongPoP        Reason = "wrong pop"
	WrongPassword   Reason = "wrong user name or password"
	WrongSecurity   Reason = "wrong security"
	WrongPassphrase Reason = "wrong passphrase"
	NetworkNotFound Reason = "network not found"
	Interrupted     Reason = "interrupted"
	Machine         Reason = "this machine"
)

// ErrEnvironment marks the error of a Provision that will fail for all other devices too,
// such as a Bluetooth adapter that is missing.
var ErrEnvironment = errors.New("this machine cannot go on")

// reasons are looked through from above.
var reasons = []struct {
	err    error
	reason Reason
	class  Class
}{
	{ErrEnvironment, Machine, Environment},
	{syscall.EMFILE, Machine, Environment},
	{syscall.ENFILE, Machine, Environment},
	{errOtherNetwork, NotJoined, Network},
	{client.ErrPassword, WrongPassword, Data},
	{client.ErrPoP, WrongPoP, Data},
	{client.ErrUsername, WrongPassword, Data},
	{client.ErrSecurity, WrongSecurity, Data},
	{client.ErrCredentials, WrongPassphrase, Data},
	{client.ErrAuth, WrongPassphrase, Data},
	{client.ErrNetworkNotFound, NetworkNotFound, Data},
	{client.ErrConnectionFailed, NotJoined, Network},
	{client.ErrNoEndpoint, NoService, Data},
	{client.ErrNoDevice, Unreachable, Network}, // that is found out by time
	{client.ErrTimeout, TimedOut, Network},
	{context.DeadlineExceeded, TimedOut, Network},
	{client.ErrUnreachable, Unreachable, Network},
	{client.ErrHungUp, HungUp, Network},
	{client.ErrRefused, Refused, Network},
	{client.ErrNoAnswer, NoAnswer, Network},
	{client.ErrBadAnswer, BadAnswer, Network},
}

// Classify says what the error of a try means.
func Classify(err error) (Reason, Class) {
	var row *RowError
	var status *client.StatusError
	switch {
	case err == nil:
		return "", ""
	case errors.As(err, &row):
		return BadRow, Data
	case errors.Is(err, context.Canceled):
		return Interrupted, Stopped
	}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.reason, r.class
		}
	}
	if errors.As(err, &status) {
		return Refused, Network
	}
	return Other, Network
}

// errOtherNetwork: the device joined a network, but not that of its row.
var errOtherNetwork = fmt.Errorf("%w that it was told, but another one", client.ErrConnectionFailed)
