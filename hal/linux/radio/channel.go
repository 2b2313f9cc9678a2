// SPDX-License-Identifier: Apache-2.0

package radio

import (
	"context"

	"github.com/wifiprov/wifiprov/hal"
)

// chooseChannel returns the channel of an access point that may be anywhere: that of
// its configuration or, if that is 0, the one of 1, 6 and 11 that the fewest access
// points disturb.
func chooseChannel(configured uint8, seen []hal.AccessPoint) uint8 {
	if configured != 0 {
		return configured
	}
	best, fewest := uint8(0), 0
	for _, c := range []uint8{1, 6, 11} {
		n := 0
		for _, ap := range seen {
			if d := int(ap.Channel) - int(c); -overlap < d && d < overlap {
				n++
			}
		}
		if best == 0 || n < fewest {
			best, fewest = c, n
		}
	}
	return best
}

// overlap is how many channels apart two access points do not disturb each other.
const overlap = 5

// mayOpen reports whether an access point may be tried on a channel: not where stations
// may only listen, or where radar has to be looked for first.
func mayOpen(channel uint8) bool {
	switch {
	case channel == 0:
		return false
	case channel < 36:
		return channel <= maxSoftChannel
	}
	return channel <= 48 || channel >= 149 && channel <= 165
}

// linkChannel returns the channel of the station's link, on the worker.
func (r *Radio) linkChannel() uint8 {
	if r.cfg.Phy != nil {
		c, err := r.cfg.Phy.Channel(r.cfg.Interface)
		if err == nil && c != 0 {
			return c
		}
		r.trouble("channel", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.station.link.AP.Channel
}

// makeWay lets the station join a network, on the worker: an access point in its way
// moves or closes. It returns how to join.
func (r *Radio) makeWay(ctx context.Context, target hal.StationConfig) hal.StationConfig {
	w := &r.worker
	if w.shown == nil || !w.crowded() {
		return target
	}
	if w.beside == 1 {
		moved, ok := r.moveAP(ctx, target)
		if ok || ctx.Err() != nil {
			return moved
		}
	}
	r.trouble("closing the access point", r.closeAP())
	return target
}

// moveAP takes the access point to the channel of a network, and reports whether the
// station can join beside it.
func (r *Radio) moveAP(ctx context.Context, target hal.StationConfig) (hal.StationConfig, bool) {
	w := &r.worker
	ap, elsewhere, hidden, err := r.find(ctx, target)
	switch {
	case err != nil:
		r.trouble("scan", err)
		return target, false
	case ctx.Err() != nil:
		return target, false
	case ap.Channel == 0:
		return target, !hidden // nothing to join, so there is nothing in the way
	case ap.Channel != w.channel && !mayOpen(ap.Channel):
		return target, false
	case ap.Channel != w.channel:
		if err := r.openAP(w.shown, ap.Channel); err != nil {
			r.trouble("access point on the network's channel", err)
			return target, false
		}
	}
	target.Channel, target.ScanMethod = ap.Channel, hal.ScanFast
	if elsewhere { // the others are out of reach
		target.BSSID, target.BSSIDSet = ap.BSSID, ap.BSSID != hal.BSSID{}
	}
	return target, true
}

// find looks for the access point of a network to join beside an open one; Channel 0:
// it was not heard. elsewhere: the network has others on other channels. hidden: it may
// be one that hides its name.
func (r *Radio) find(ctx context.Context, target hal.StationConfig) (ap hal.AccessPoint, elsewhere, hidden bool, err error) {
	r.mu.Lock()
	last, _ := match(r.scan.seen, target)
	r.mu.Unlock()
	hints := []uint8{target.Channel}
	if last.Channel != target.Channel {
		hints = append(hints, last.Channel)
	}
	for _, c := range hints { // a scan of one channel is short
		if c == 0 {
			continue
		}
		heard, err := r.look(ctx, hal.ScanConfig{Channel: c})
		r.trouble("scan", err)
		if ap, _ = match(heard, target); ap.Channel != 0 {
			r.mu.Lock()
			defer r.mu.Unlock()
			_, elsewhere = match(r.scan.seen, target)
			return ap, elsewhere, false, nil
		}
	}
	heard, err := r.look(ctx, hal.ScanConfig{})
	for _, other := range heard {
		hidden = hidden || other.SSID.Hidden()
	}
	ap, elsewhere = match(heard, target)
	return ap, elsewhere, hidden, err
}

// match returns the access point of a network that is best to join beside an open one,
// and whether the network has others on other channels.
func match(heard []hal.AccessPoint, target hal.StationConfig) (best hal.AccessPoint, elsewhere bool) {
	for _, ap := range heard {
		if ap.SSID != target.SSID || target.BSSIDSet && ap.BSSID != target.BSSID {
			continue
		}
		elsewhere = elsewhere || best.Channel != 0 && ap.Channel != best.Channel
		if best.Channel == 0 || mayOpen(ap.Channel) && !mayOpen(best.Channel) ||
			mayOpen(ap.Channel) == mayOpen(best.Channel) && ap.RSSI > best.RSSI {
			best = ap
		}
	}
	return best, elsewhere
}
