// SPDX-License-Identifier: Apache-2.0

package client

import "strconv"

// Step is a part of an operation, for progress reports.
type Step uint8

// Steps, in the order of a whole provisioning.
const (
	StepVersion     Step = iota + 1 // asking for the device's version and capabilities
	StepSecurity                    // security mode chosen
	StepHandshake                   // opening the session
	StepSession                     // session open
	StepScan                        // device is scanning
	StepResults                     // fetching what it found
	StepConfigure                   // sending the credentials
	StepApply                       // telling the device to use them
	StepStatus                      // device reported how it is doing
	StepConnected                   // device joined the network
	StepCustom                      // request to a custom endpoint
	StepReset                       // telling the device to forget a failure
	StepReprovision                 // telling the device to accept new credentials
	StepDetails                     // asking for the details of its attempts to join
)

// String returns a short lower-case name.
func (s Step) String() string {
	switch s {
	case StepVersion:
		return "version"
	case StepSecurity:
		return "security"
	case StepHandshake:
		return "handshake"
	case StepSession:
		return "session"
	case StepScan:
		return "scan"
	case StepResults:
		return "results"
	case StepConfigure:
		return "configure"
	case StepApply:
		return "apply"
	case StepStatus:
		return "status"
	case StepConnected:
		return "connected"
	case StepCustom:
		return "custom"
	case StepReset:
		return "reset"
	case StepReprovision:
		return "reprovision"
	case StepDetails:
		return "details"
	}
	return "step " + strconv.Itoa(int(s))
}

// Progress is one report of what a [Client] is doing.
type Progress struct {
	// Step begins now, or has just been reached.
	Step Step
	// Detail says more in a few English words. It is safe to show on a terminal,
	// contains no secrets, and may be empty.
	Detail string
	// Status is the device's answer, with StepStatus and StepConnected.
	Status Status
}

// String returns "step: detail".
func (p Progress) String() string {
	if p.Detail == "" {
		return p.Step.String()
	}
	return p.Step.String() + ": " + p.Detail
}

// report calls Config.Progress.
func (c *Client) report(step Step, detail string) {
	if c.cfg.Progress != nil {
		c.cfg.Progress(Progress{Step: step, Detail: detail})
	}
}
