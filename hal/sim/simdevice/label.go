// SPDX-License-Identifier: Apache-2.0

package simdevice

import (
	"context"
	"net"
	"net/netip"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
)

// Label returns the text of the device's QR code, which phone apps scan. It has the
// secrets that a client must know; those that Security.Login does not know are
// missing. It is empty for a device that has no code: one with a console, which apps do
// not know, or one whose name or secrets a code cannot say, see [label.Label].
func (d *Device) Label() string {
	l := label.Label{Name: d.Name(), Security: client.Security0 + client.Security(d.cfg.Security.Mode()), Network: label.WiFi}
	switch d.cfg.Transport {
	case HTTP:
		l.Transport, l.Password = label.SoftAP, d.cfg.Key
	case BLE:
		l.Transport = label.BLE
	default:
		return ""
	}
	l.Username, l.PoP = d.cfg.Security.Login()
	text, err := l.JSON()
	if err != nil {
		return ""
	}
	return text
}

// DialFrom opens a connection to HTTP in memory, as from the host at an address: the
// device tells clients apart by theirs. The zero address is one for all. It fails
// while the device listens to nobody.
func (d *Device) DialFrom(ctx context.Context, from netip.Addr) (net.Conn, error) {
	return d.network.DialFrom(ctx, from)
}
