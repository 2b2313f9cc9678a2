// SPDX-License-Identifier: Apache-2.0

package haltest

import (
	"errors"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Connect: "The outcome comes as events: EventConnected and EventGotIP."
func checkConnect(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	got, err := b.join(b.Network)
	if err != nil {
		return err
	}
	if got.IP == (hal.IPv4{}) {
		return errors.New("EventGotIP without an address")
	}
	link, err := b.WiFi.Link()
	if err != nil {
		return fmt.Errorf("Link: %w", err)
	}
	if link.IP != got.IP || link.AP.SSID != b.Network.SSID || b.Channel != 0 && link.AP.Channel != b.Channel {
		return fmt.Errorf("Link = %+v; event says %v", link, got.IP)
	}
	return b.quiet()
}

// refused tries to join and returns the reason why it failed.
func (b *bench) refused(cfg hal.StationConfig) (hal.Reason, error) {
	if err := b.WiFi.SetStationConfig(cfg); err != nil {
		return 0, err
	}
	if err := promptly("Connect", b.WiFi.Connect); err != nil {
		return 0, err
	}
	e, err := b.wait(hal.EventDisconnected)
	if err == nil && e.Reason == 0 {
		err = errors.New("EventDisconnected without a reason")
	}
	return e.Reason, err
}

// Connect: "or EventDisconnected with a reason."
func checkMissing(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	reason, err := b.refused(b.Missing)
	if err != nil {
		return err
	}
	if reason != hal.ReasonNoAPFound {
		return fmt.Errorf("reason is %v, want %v", reason, hal.ReasonNoAPFound)
	}
	if err := b.quiet(); err != nil {
		return err
	}
	return b.wantNoLink()
}

func checkWrong(r Rig) error {
	if r.Wrong == (hal.StationConfig{}) {
		return nil
	}
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.refused(b.Wrong); err != nil {
		return err
	}
	return b.wantNoLink()
}

func checkAgain(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.refused(b.Missing); err != nil {
		return err
	}
	_, err = b.join(b.Network)
	return err
}

// Connect: "An error means that the attempt did not begin and no event
// follows"; ErrBusy: "an attempt to join is under way."
func checkConnectTwice(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	if err := promptly("Connect", b.WiFi.Connect); err != nil {
		return err
	}
	if err := b.WiFi.Connect(); err != nil && !errors.Is(err, hal.ErrBusy) {
		return fmt.Errorf("Connect while joining: error is %v, want ErrBusy", err)
	}
	if _, err := b.wait(hal.EventConnected); err != nil {
		return err
	}
	if _, err := b.wait(hal.EventGotIP); err != nil {
		return err
	}
	if err := b.WiFi.Connect(); err != nil { // "With a link it succeeds and nothing follows."
		return fmt.Errorf("Connect with a link: %w", err)
	}
	return b.quiet()
}

func checkConnectNone(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.WiFi.SetStationConfig(hal.StationConfig{}); err != nil {
		return err
	}
	if b.WiFi.Connect() != nil {
		return b.quiet()
	}
	_, err = b.wait(hal.EventDisconnected)
	return err
}

// left waits for the event of a Disconnect.
func (b *bench) left() error {
	e, err := b.wait(hal.EventDisconnected)
	if err != nil {
		return err
	}
	if e.Reason != hal.ReasonAssocLeave {
		return fmt.Errorf("reason is %v, want %v", e.Reason, hal.ReasonAssocLeave)
	}
	return b.wantNoLink()
}

func (b *bench) wantNoLink() error {
	if _, err := b.WiFi.Link(); !errors.Is(err, hal.ErrNotConnected) {
		return fmt.Errorf("Link: error is %v, want ErrNotConnected", err)
	}
	return nil
}

// Disconnect: "drops the link … and then EventDisconnected with
// ReasonAssocLeave follows."
func checkDisconnect(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	if err := promptly("Disconnect", b.WiFi.Disconnect); err != nil {
		return err
	}
	if err := b.left(); err != nil {
		return err
	}
	return b.quiet()
}

// Disconnect: "or ends an attempt to join."
func checkDisconnectJoining(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := b.WiFi.SetStationConfig(b.Network); err != nil {
		return err
	}
	if err := b.WiFi.Connect(); err != nil {
		return err
	}
	if err := promptly("Disconnect", b.WiFi.Disconnect); err != nil {
		return err
	}
	if err := b.left(); err != nil {
		return err
	}
	return b.quiet()
}

// Disconnect: "The station is in no network from then on, until the next
// Connect", however long the attempt that it ended would have taken.
func checkDisconnectFinal(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := b.join(b.Network); err != nil {
		return err
	}
	took := time.Since(began)
	for _, after := range []time.Duration{0, took / 2} {
		if err := named("Disconnect", b.WiFi.Disconnect()); err != nil {
			return err
		}
		if err := b.left(); err != nil {
			return err
		}
		if err := named("Connect", b.WiFi.Connect()); err != nil {
			return err
		}
		time.Sleep(after)
	}
	if err := named("Disconnect", b.WiFi.Disconnect()); err != nil {
		return err
	}
	for {
		e, err := b.next()
		if err != nil {
			return fmt.Errorf("after Disconnect: %w", err)
		}
		if e.Kind == hal.EventDisconnected {
			break
		}
	}
	b.Quiet += took
	if err := b.quiet(); err != nil {
		return fmt.Errorf("the attempt goes on after Disconnect: %w", err)
	}
	if err := b.wantNoLink(); err != nil {
		return fmt.Errorf("the attempt goes on after Disconnect: %w", err)
	}
	_, err = b.join(b.Network)
	return err
}

// Disconnect: "Without either it succeeds and nothing follows."
func checkDisconnectIdle(r Rig) error {
	b, err := station(r)
	if err != nil {
		return err
	}
	if err := promptly("Disconnect", b.WiFi.Disconnect); err != nil {
		return err
	}
	return b.quiet()
}

// Link: "fails with ErrNotConnected when the station has no IP address."
func checkNoLink(r Rig) error {
	b := newBench(r)
	if err := b.wantNoLink(); err != nil {
		return fmt.Errorf("before Start: %w", err)
	}
	if err := b.start(); err != nil {
		return err
	}
	return b.wantNoLink()
}
