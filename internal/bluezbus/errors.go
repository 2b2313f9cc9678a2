// SPDX-License-Identifier: Apache-2.0

package bluezbus

import (
	"context"
	"errors"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Error tells that bluetoothd or the bus refused a call.
type Error struct {
	Call string // member, "RegisterApplication"
	Name string // org.bluez.Error.NotReady
	Text string // what the other side says
	Hint string // what to do about it; may be empty
}

// Error puts the parts together.
func (e *Error) Error() string {
	s := e.Call + ": "
	if e.Text != "" && e.Text != e.Name {
		s += e.Text + " "
	}
	s += "(" + e.Name + ")"
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// errNoAnswer tells that a call was given up.
type errNoAnswer struct {
	call string
	err  error
	hint string // may be empty
}

func (e *errNoAnswer) Error() string {
	s := e.call + ": no answer: " + e.err.Error()
	if e.hint != "" {
		s += "; " + e.hint
	}
	return s
}
func (e *errNoAnswer) Unwrap() error { return e.err }

// ErrGone: the bus or bluetoothd went away.
var ErrGone = errors.New("the connection to the message bus is gone")

func callError(ctx context.Context, method string, err error) error {
	call := method[strings.LastIndexByte(method, '.')+1:]
	var refused dbus.Error
	switch {
	case errors.As(err, &refused):
		e := &Error{Call: call, Name: refused.Name, Hint: hint(refused.Name)}
		if len(refused.Body) > 0 {
			e.Text, _ = refused.Body[0].(string)
		}
		return e
	case ctx.Err() != nil:
		return &errNoAnswer{call: call, err: ctx.Err()}
	}
	return &errNoAnswer{call: call, err: ErrGone}
}

// Is reports whether err is an Error of that name; the part after the last dot
// is enough.
func Is(err error, name string) bool {
	var e *Error
	return errors.As(err, &e) && (e.Name == name || strings.HasSuffix(e.Name, "."+name))
}

// Gone reports whether err says that bluetoothd or the bus is gone.
func Gone(err error) bool {
	return errors.Is(err, ErrGone) || Is(err, "Error.NoReply") || Is(err, "Error.NameHasNoOwner") || Is(err, "Error.ServiceUnknown") || Is(err, "Error.Disconnected")
}

const notRunning = "bluetoothd does not run: install bluez and start it, with systemctl start bluetooth"

// hint returns what helps against an error, as far as one can know.
func hint(name string) string {
	switch {
	case strings.HasPrefix(name, busName+".Error.Spawn."), strings.HasPrefix(name, "org.freedesktop.systemd1."):
		return notRunning // nor could the bus start it, alone or through systemd
	}
	switch name {
	case "org.freedesktop.DBus.Error.AccessDenied":
		return "the bus's policy forbids it to this user: run as root, add the user to the group bluetooth, or allow it in /etc/dbus-1/system.d"
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected",
		"org.freedesktop.DBus.Error.NoServer", "org.freedesktop.DBus.Error.Timeout", "org.freedesktop.DBus.Error.TimedOut":
		return notRunning
	case "org.bluez.Error.NotReady":
		return "the adapter is not powered"
	case "org.bluez.Error.Blocked":
		return "the radio is blocked: rfkill unblock bluetooth"
	case "org.bluez.Error.NotPermitted":
		return "another program may hold what there is of it"
	}
	return ""
}
