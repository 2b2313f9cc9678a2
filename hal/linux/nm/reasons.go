// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm

import "github.com/wifiprov/wifiprov/hal"

// States of a device (NMDeviceState).
const (
	stateUnmanaged    = 10
	stateUnavailable  = 20
	stateDisconnected = 30
	statePrepare      = 40
	stateConfig       = 50
	stateNeedAuth     = 60
	stateIPConfig     = 70
	stateIPCheck      = 80
	stateActivated    = 100
	stateDeactivating = 110
	stateFailed       = 120
)

// Reasons for them (NMDeviceStateReason).
const (
	whyUnmanaged         = 3
	whyIPUnavailable     = 5
	whyIPExpired         = 6
	whyNoSecrets         = 7
	whySupplicantDropped = 8
	whySupplicantTimeout = 11
	whyDHCPStart         = 15
	whyDHCPError         = 16
	whyDHCPFailed        = 17
	whySharedStart       = 18
	whySharedFailed      = 19
	whyFirmware          = 35
	whyRemoved           = 36
	whySleeping          = 37
	whyProfileRemoved    = 38
	whyUserRequested     = 39
	whySSIDNotFound      = 53
	whyNewActivation     = 60
)

// reason is why an attempt failed, or, with a link, why that was lost.
func reason(why uint32, linked bool) hal.Reason {
	switch why {
	case whyProfileRemoved, whyUserRequested, whyNewActivation, whySleeping, whyRemoved, whyUnmanaged:
		// Somebody else decided that. It is no fault of the network.
		return hal.ReasonAssocLeave
	case whyIPUnavailable, whyIPExpired, whyDHCPStart, whyDHCPError, whyDHCPFailed:
		return hal.ReasonConnectionFail
	}
	switch {
	case linked:
		return hal.ReasonBeaconTimeout
	case why == whySSIDNotFound:
		return hal.ReasonNoAPFound
	case why == whyNoSecrets:
		return hal.ReasonAuthFail
	}
	return hal.ReasonConnectionFail
}

// auth is the authentication that an access point's flags mean.
func auth(flags, wpa, rsn uint32) hal.AuthMode {
	const privacy, psk, enterprise, sae, owe, suiteB = 1, 0x100, 0x200, 0x400, 0x800, 0x2000
	switch {
	case rsn&suiteB != 0:
		return hal.AuthWPA3Ent192
	case rsn&sae != 0 && rsn&psk != 0:
		return hal.AuthWPA2WPA3PSK
	case rsn&sae != 0:
		return hal.AuthWPA3PSK
	case rsn&psk != 0 && wpa&psk != 0:
		return hal.AuthWPAWPA2PSK
	case rsn&psk != 0:
		return hal.AuthWPA2PSK
	case wpa&psk != 0:
		return hal.AuthWPAPSK
	case (rsn|wpa)&enterprise != 0:
		return hal.AuthWPA2Enterprise
	case rsn&owe != 0:
		return hal.AuthOWE
	case flags&privacy != 0:
		return hal.AuthWEP
	}
	return hal.AuthOpen
}

// compatible returns 0 if a station with this configuration can try to join a network
// with that authentication, otherwise the reason.
func compatible(cfg hal.StationConfig, auth hal.AuthMode) hal.Reason {
	switch {
	case auth < cfg.MinAuth:
		return hal.ReasonNoAPAuthModeThreshold
	case auth == hal.AuthOpen, auth == hal.AuthOWE:
		return 0
	case auth == hal.AuthWEP, auth == hal.AuthWPA2Enterprise, auth == hal.AuthWPA3Ent192, cfg.Passphrase == "":
		return hal.ReasonNoAPCompatibleSec
	}
	return 0
}

// choose returns the strongest access point that cfg can join. If there is none it
// returns the reason: 201 if none has that name, 211 if all are below cfg.MinAuth, else 210.
func choose(list []hal.AccessPoint, cfg hal.StationConfig) (hal.AccessPoint, hal.Reason) {
	var best hal.AccessPoint
	why := hal.ReasonNoAPFound
	for _, ap := range list {
		if ap.SSID != cfg.SSID || cfg.BSSIDSet && ap.BSSID != cfg.BSSID {
			continue
		}
		switch r := compatible(cfg, ap.Auth); {
		case r == 0:
			if why != 0 || ap.RSSI > best.RSSI {
				best, why = ap, 0
			}
		case why == hal.ReasonNoAPFound, why == hal.ReasonNoAPAuthModeThreshold:
			why = r
		}
	}
	return best, why
}
