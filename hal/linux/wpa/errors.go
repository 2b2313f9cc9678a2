// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"errors"
	"strings"
)

// callError tells that wpa_supplicant or the bus refused a call.
type callError struct {
	call string // "AddNetwork"
	name string // fi.w1.wpa_supplicant1.NetworkUnknown
	text string // what the other side says
}

func (e *callError) Error() string {
	s := "wpa: " + e.call + ": "
	if e.text != "" {
		s += e.text + " "
	}
	s += "(" + e.name + ")"
	if h := e.hint(); h != "" {
		s += "; " + h
	}
	return s
}

// hint says what helps.
func (e *callError) hint() string {
	short, ofBus := strings.CutPrefix(e.name, busName+".Error.")
	switch {
	case strings.HasPrefix(short, "Spawn."), strings.HasPrefix(e.name, "org.freedesktop.systemd1."),
		ofBus && (short == "ServiceUnknown" || short == "NameHasNoOwner" || short == "NoReply"):
		return "wpa_supplicant does not run or has no D-Bus interface: start it with -u, or with systemctl start wpa_supplicant"
	case ofBus && short == "AccessDenied":
		return "the bus's policy forbids it to this user: run as root, add the user to the group netdev where the distribution has that policy, or allow send_destination and receive_sender of " + name + " in a file in /etc/dbus-1/system.d"
	case e.call == "CreateInterface":
		return "is there such a wireless interface (ip link)?"
	}
	return ""
}

// is reports whether err is a callError of one of these names; the part after the last
// dot is enough.
func is(err error, names ...string) bool {
	var e *callError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range names {
		if strings.HasSuffix(e.name, "."+n) {
			return true
		}
	}
	return false
}
