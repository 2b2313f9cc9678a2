// SPDX-License-Identifier: Apache-2.0

package radio

import "errors"

// ErrClosed is returned by methods of a closed Radio.
var ErrClosed = errors.New("radio: closed")

var (
	errDaemon    = errors.New("radio: the Daemon is nil")
	errInterface = errors.New("radio: Config.Interface is empty; name the Wi-Fi interface, for example wlan0")
	errSameIface = errors.New("radio: Config.APInterface is the station's interface; leave it empty, or name one of another radio")
	errAddress   = errors.New("radio: Config.APAddress is no IPv4 address with a network of at least four addresses, such as 192.168.4.1/24")
	errTimes     = errors.New("radio: a time in Config is negative")
	errLost      = errors.New("radio: the access point has closed by itself; it is opened again")
	errSlow      = errors.New("radio: the daemon does not end its attempt to join")
	errStorage   = errors.New("radio: unknown storage")
	errMode      = errors.New("radio: unknown mode")
	errNoStation = errors.New("radio: the mode has no station; set ModeSTA or ModeAPSTA")
	errNoNetwork = errors.New("radio: no network configured; set a station configuration first")
)
