// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// FaultKind is what goes wrong, in the word that commands and files use.
type FaultKind string

// Kinds of faults. Those of the first group happen to the device at once or after
// Fault.After; given an Endpoint or a Request, they happen when that request arrives.
const (
	// RefuseJoin: the next Times joins fail with Reason (0:
	// hal.Reason4WayHandshakeTimeout, as a wrong passphrase), whatever the network.
	RefuseJoin FaultKind = "refuse-join"
	// LoseNetwork: the link to the network ends with Reason (0:
	// hal.ReasonBeaconTimeout).
	LoseNetwork FaultKind = "lose-network"
	// NoAddress: networks give the device no address, until For has passed.
	NoAddress FaultKind = "no-address"
	// SlowScan: scans take Delay longer, until For has passed.
	SlowScan FaultKind = "slow-scan"
	// SmallMTU: Bluetooth has an MTU of 23, from the next power-on.
	SmallMTU FaultKind = "small-mtu"
	// StaleSession: the device forgets all sessions that it has; clients have to
	// shake hands again. Security 0 has none.
	StaleSession FaultKind = "stale-session"
	// Reboot: the device reboots; a request that causes it gets no answer.
	Reboot FaultKind = "reboot"
	// PowerCut: the power goes. It comes back after For; 0: it does not. A request
	// that causes it gets no answer.
	PowerCut FaultKind = "power-cut"
	// PowerCutInFlash: the power goes in the middle of a write to the flash, the
	// Operation-th from now on, counted from 1. It comes back after For; 0: it does
	// not.
	PowerCutInFlash FaultKind = "power-cut-in-flash"
)

// Kinds of faults that happen to Times requests, from the Request-th on.
const (
	// DropAnswer: the request is handled, and its answer never comes.
	DropAnswer FaultKind = "drop-answer"
	// DelayAnswer: the answer comes Delay late.
	DelayAnswer FaultKind = "delay-answer"
	// TruncateAnswer: the answer has its first Bytes bytes only. Over HTTP the
	// connection closes then.
	TruncateAnswer FaultKind = "truncate-answer"
	// CutLink: the link breaks when the request arrives, and the device does not
	// handle it. Over HTTP the connection is reset. Over BLE the phone notices after
	// its supervision timeout. A console loses the request, and goes on.
	CutLink FaultKind = "cut-link"
)

// kinds are all kinds, with the fields that each has beside those of all.
var kinds = []struct {
	kind   FaultKind
	fields []string
}{
	{RefuseJoin, []string{"times", "reason"}},
	{LoseNetwork, []string{"reason"}},
	{NoAddress, []string{"for"}},
	{SlowScan, []string{"delay", "for"}},
	{SmallMTU, nil},
	{StaleSession, nil},
	{Reboot, nil},
	{PowerCut, []string{"for"}},
	{PowerCutInFlash, []string{"operation", "for"}},
	{DropAnswer, []string{"times"}},
	{DelayAnswer, []string{"delay", "times"}},
	{TruncateAnswer, []string{"bytes", "times"}},
	{CutLink, []string{"times"}},
}

// FaultKinds returns all kinds, in the order of the documentation.
func FaultKinds() []FaultKind {
	all := make([]FaultKind, len(kinds))
	for i, k := range kinds {
		all[i] = k.kind
	}
	return all
}

// Fields returns the fields of Fault that the kind has beside After, Endpoint and
// Request, in small letters. One that has "delay" needs it.
func (k FaultKind) Fields() []string {
	for _, known := range kinds {
		if known.kind == k {
			return slices.Clone(known.fields)
		}
	}
	return nil
}

// ofAnswers says that the kind happens at requests only.
func (k FaultKind) ofAnswers() bool {
	return k == DropAnswer || k == DelayAnswer || k == TruncateAnswer || k == CutLink
}

// Fault is something that goes wrong with a device. What each field means depends on
// Kind; a field that the kind does not have must be zero.
type Fault struct {
	Kind FaultKind

	// After is how long the fault waits: from Inject on, or for faults of the
	// configuration from the first power-on. It counts requests from then on.
	After time.Duration
	// Endpoint, if not empty, limits the fault to requests for it.
	Endpoint string
	// Request is which request causes the fault, counted from 1; 0: the first, if
	// Endpoint is set or the kind is one of answers, else no request does.
	Request int
	// Times is how many requests, or joins, in a row the fault is for; 0: one;
	// negative: all.
	Times int

	Reason    hal.Reason    // RefuseJoin, LoseNetwork
	Delay     time.Duration // SlowScan, DelayAnswer
	For       time.Duration // NoAddress, SlowScan: 0: until ClearFaults; PowerCut, PowerCutInFlash
	Bytes     int           // TruncateAnswer
	Operation int           // PowerCutInFlash; 0: 1
}

// Check returns what is wrong with the fault.
func (f Fault) Check() error {
	if all := FaultKinds(); !slices.Contains(all, f.Kind) {
		names := make([]string, len(all))
		for i, kind := range all {
			names[i] = string(kind)
		}
		return fmt.Errorf("there is no fault %q; take one of %s", string(f.Kind), strings.Join(names, ", "))
	}
	fields := f.Kind.Fields()
	has := func(field string) bool { return slices.Contains(fields, field) }
	switch {
	case f.After < 0 || f.Delay < 0 || f.For < 0 || f.Request < 0 || f.Bytes < 0 || f.Operation < 0:
		return fmt.Errorf("%s: only times may be negative", f.Kind)
	case f.Times != 0 && !has("times"):
		return fmt.Errorf("%s happens once; leave times out", f.Kind)
	case f.Reason != 0 && !has("reason"):
		return fmt.Errorf("%s has no reason; leave it out", f.Kind)
	case f.Delay != 0 && !has("delay"):
		return fmt.Errorf("%s has no delay; leave it out", f.Kind)
	case f.Delay == 0 && has("delay"):
		return fmt.Errorf("%s needs a delay, for example 5s", f.Kind)
	case f.For != 0 && !has("for"):
		return fmt.Errorf("%s does not last; leave for out", f.Kind)
	case f.Bytes != 0 && !has("bytes"):
		return fmt.Errorf("%s has no bytes; leave them out", f.Kind)
	case f.Operation != 0 && !has("operation"):
		return fmt.Errorf("%s has no operation; leave it out", f.Kind)
	}
	return nil
}

// byRequest says that a request causes the fault.
func (f Fault) byRequest() bool {
	return f.Kind.ofAnswers() || f.Request > 0 || f.Endpoint != ""
}

// String returns the fault for a log: "delay-answer prov-config, 5s".
func (f Fault) String() string {
	text := string(f.Kind)
	if f.Endpoint != "" {
		text += " " + f.Endpoint
	}
	switch f.Kind {
	case RefuseJoin, LoseNetwork:
		text += ", " + f.reason().String()
	case SlowScan, DelayAnswer:
		text += ", " + f.Delay.String()
	case TruncateAnswer:
		text += fmt.Sprintf(", %d bytes", f.Bytes)
	}
	return text
}

// reason returns Reason or its default.
func (f Fault) reason() hal.Reason {
	switch {
	case f.Reason != 0:
		return f.Reason
	case f.Kind == RefuseJoin:
		return hal.Reason4WayHandshakeTimeout
	}
	return hal.ReasonBeaconTimeout
}

var errNoBLE = errors.New("small-mtu is for devices with BLE")
