// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"net"
	"syscall"

	"github.com/wifiprov/wifiprov/hal"
)

// hint says what to do about a failed exchange.
func hint(op, endpoint string, err error) string {
	switch {
	case errors.Is(err, ErrNoEndpoint):
		return noEndpointHint(op, endpoint)
	case errors.Is(err, ErrEmptyBody):
		return "send at least one byte"
	case op == "wait" || op == "apply":
		return "the device may join the network all the same; call Connect to ask it"
	case errors.Is(err, errStreamEnded):
		return "open the line again, with another Console"
	case errors.Is(err, ErrClosed):
		return ""
	case errors.Is(err, ErrNoDevice):
		return "is the device on, in range and in provisioning mode?"
	case errors.Is(err, ErrUnreachable):
		return unreachableHint(err)
	case errors.Is(err, ErrRefused) && op == "connect" && endpoint == endpointVersion:
		return "name Config.Security if the device has no proto-ver"
	case op == "version":
		return ""
	}
	return "call Connect to start over"
}

func noEndpointHint(op, endpoint string) string {
	switch {
	case endpoint == endpointCtrl:
		return "devices before ESP-IDF v5.1 cannot be reset by a client: restart the device"
	case endpoint == endpointScan:
		return "the device cannot scan: give the network's name"
	case endpoint == endpointVersion && op == "connect":
		return "name Config.Security if the device has no proto-ver; is it in provisioning mode?"
	case endpoint == endpointSession || endpoint == endpointVersion:
		return "is this a device in provisioning mode?"
	case op == "custom":
		return "check its name; call Connect to go on"
	}
	return "call Connect to go on"
}

func unreachableHint(err error) string {
	var unknown *net.DNSError
	if errors.As(err, &unknown) {
		return "check the device's address"
	}
	if errors.Is(err, syscall.EMFILE) {
		return "this program has no file descriptor left: let fewer clients work at a time, or raise the limit (ulimit -n)"
	}
	return "is the device on and in provisioning mode, its address right, and this machine in its network or in range?"
}

// failHint says what to do about a device that could not join. d is what the device
// told; nil: nothing.
func failHint(err error, d *Details) string {
	advice := ""
	if d != nil {
		advice = d.advice()
	}
	switch {
	case errors.Is(err, ErrTimeout): // the device is still trying
		return advice
	case advice != "":
	case errors.Is(err, ErrAuth):
		advice = "check the passphrase"
	case errors.Is(err, ErrNetworkNotFound):
		advice = "check the network's name and that it is in the device's reach"
	default:
		return ""
	}
	return advice + ", and try again, after a Reset if the device wants one"
}

// advice says what to do about the failure in the details; empty: there is no
// failure, or no advice.
func (d *Details) advice() string {
	switch d.Problem {
	case ProblemNotStored:
		return "the credentials are right, but the device cannot store them: have the device checked"
	case ProblemRefused:
		return "restart the device"
	}
	if d.Step == hal.JoinDHCP {
		return "the credentials are right, but the network gives the device no address: check its router"
	}
	switch d.Reason {
	case hal.ReasonNoAPFound:
		return "check the network's name and that it is in the device's reach"
	case hal.ReasonNoAPCompatibleSec:
		return "the network is there, but its security does not fit the credentials: check whether it has a passphrase, and its security mode"
	case hal.ReasonNoAPAuthModeThreshold:
		return "the network is there, but its security is weaker than the device accepts: check its security mode"
	case hal.ReasonNoAPRSSIThreshold:
		return "the network is there, but its signal is too weak for the device: move the device nearer to the access point"
	case hal.ReasonAssocTooMany:
		return "the access point is full: disconnect another device from it"
	case hal.Reason8021XAuthFailed:
		return "check the passphrase, and that the network wants no login (802.1X)"
	case hal.ReasonMICFailure, hal.Reason4WayHandshakeTimeout, hal.ReasonHandshakeTimeout, hal.ReasonAuthFail:
		return "check the passphrase"
	case hal.ReasonAuthExpire:
		return "check the passphrase, and that the network is well within the device's reach"
	case hal.ReasonAssocExpire, hal.ReasonAssocFail, hal.ReasonBeaconTimeout, hal.ReasonConnectionFail:
		return "check that the network is well within the device's reach, and that its access point admits the device"
	}
	return ""
}

// printable escapes a device's text for a terminal.
func printable(s string) string { return hal.SSID(s).String() }
