// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"
	"errors"
	"net/netip"

	"github.com/wifiprov/wifiprov/hal"
)

// Daemon is the program that owns a Wi-Fi interface, as a Radio needs it. Packages wpa
// and nm fulfil it.
//
// The Radio calls Take before all methods but Load and Save, and Release at the
// end. Methods block, and may be called at the same time, but there is one Join and
// one Scan at a time. When their context is done they return soon, with its cause.
// After Close they fail.
type Daemon interface {
	// Take takes the interface over: it is switched on, and from now on nobody
	// but the Radio decides which network it joins. What it did before is
	// remembered for Release. If this process dies, the former network has to
	// come back as far as the daemon can see to that itself; otherwise the next
	// Take or Release mends what the dead process left.
	//
	// Taking a taken interface succeeds.
	Take(ctx context.Context) error

	// Release gives the interface back. With keep the network that was joined
	// last stays joined; otherwise the interface does again what it did before
	// Take, with the configuration that is stored. Without a Take it only mends
	// what a dead process left.
	Release(ctx context.Context, keep bool) error

	// Join joins the network of cfg, stays in it, and returns when that is over:
	// the attempt failed, the link was lost, or ctx is done. It returns the
	// reason, never 0. It is one attempt: the daemon does not try again by
	// itself, and after the return the interface is in no network, and nothing of
	// the attempt is left that could join later.
	//
	// When ctx is done Join leaves the network and returns hal.ReasonAssocLeave.
	// If the cause of ctx is ErrKeep, it returns at once and leaves the network
	// joined.
	//
	// A network that is joined already with the same configuration is taken over
	// without a new attempt.
	//
	// The calls of w come from the goroutine of Join: Step any number of times,
	// then Connected, then Address, at its first and every other address. Connected
	// comes again when the station changes to another access point of the network.
	Join(ctx context.Context, cfg hal.StationConfig, w Watcher) hal.Reason

	// Leave leaves a network that is joined although no Join runs: the one that the
	// interface was in at Take, or one that stayed joined. Without one it succeeds.
	Leave(ctx context.Context) error

	// Scan scans, and returns what was heard; entries that are doubled or hide
	// their name are allowed, what was heard before this scan began is not. It
	// may be called while a network is joined or an access point is open, but not
	// during an attempt to join. When ctx is done it returns what was found so
	// far, without an error. hal.ErrBusy: the daemon itself scans or joins.
	Scan(ctx context.Context, cfg hal.ScanConfig) ([]hal.AccessPoint, error)

	// OpenAP opens an access point, in place of one that is open, and returns
	// when clients can join it. They get addresses of ap.Address's network.
	OpenAP(ctx context.Context, ap AP) error

	// CloseAP closes the access point; without one it succeeds.
	CloseAP(ctx context.Context) error

	// Load returns the configuration that is stored; zero without one.
	Load(ctx context.Context) (hal.StationConfig, error)

	// Save stores a configuration for good, whole or not at all; a zero one erases
	// what is stored. A present link is not touched, and what is stored is joined
	// by nobody while the interface is taken.
	Save(ctx context.Context, cfg hal.StationConfig) error

	// Close frees everything. It ends running calls. It does not imply Release.
	Close() error
}

// APWatch is an optional ability of a Daemon, found by type assertion: it tells when an
// access point closed that nobody closed, for example because the daemon was restarted.
// The Radio then opens it again.
type APWatch interface {
	// APLost returns the channel, always the same, that has a value after such a
	// loss. Sending to it must not wait for the Radio.
	APLost() <-chan struct{}
}

// Watcher is told what happens in Daemon.Join.
type Watcher interface {
	// Step: the attempt has reached a step, from hal.JoinScan to hal.JoinHandshake.
	Step(hal.JoinInfo)
	// Connected: the station is associated and authenticated.
	Connected(hal.AccessPoint)
	// Address: the station has this address.
	Address(hal.IPConfig)
}

// ErrKeep is the cause of the context of a Join that has to leave the network joined.
var ErrKeep = errors.New("radio: the network stays joined")

// AP is an access point to open.
type AP struct {
	hal.SoftAPConfig // Channel is never 0, and may be one of 5 GHz
	// Interface to open it on: that of the station, or another one.
	Interface string
	// Address of this box in the access point's network, for example
	// 192.168.4.1/24.
	Address netip.Prefix
}

// Phy is the kernel's view of the radio. Package internal/nl80211 fulfils it. Methods
// may be called at any time.
type Phy interface {
	// Beside tells whether an access point can be open while iface is a station:
	// on how many channels the radio can be at a time, 0 if it cannot have both.
	// At 1 the access point has to be on the channel of the station's network.
	Beside(iface string) (channels int, err error)

	// AddAP makes an access point interface of the radio of iface; one of this
	// name that is there is used.
	AddAP(iface, name string) error

	// RemoveAP removes such an interface; without it it succeeds.
	RemoveAP(name string) error

	// Channels are those on which the radio of iface may send or listen in its
	// country, of 2.4 and 5 GHz, ascending, each once.
	Channels(iface string) ([]uint8, error)

	// Channel is the channel on which iface is; 0: none.
	Channel(iface string) (uint8, error)
}
