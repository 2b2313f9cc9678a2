// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/wifiprov/wifiprov/hal"
)

// accessPoint reads a BSS.
func accessPoint(p props) hal.AccessPoint {
	ap := hal.AccessPoint{
		SSID:    hal.SSID(get[[]byte](p, "SSID")),
		Channel: hal.ChannelOf(int(get[uint16](p, "Frequency"))),
		RSSI:    int8(min(max(get[int16](p, "Signal"), -128), 127)),
		Auth:    authMode(p),
	}
	copy(ap.BSSID[:], get[[]byte](p, "BSSID"))
	return ap
}

// authMode reads the authentication of a BSS.
func authMode(p props) hal.AuthMode {
	wpa, rsn := get[props](p, "WPA"), get[props](p, "RSN")
	has := func(ie props, what ...string) bool {
		return slices.ContainsFunc(get[[]string](ie, "KeyMgmt"), func(mgmt string) bool {
			return slices.ContainsFunc(what, func(w string) bool { return strings.HasPrefix(mgmt, w) })
		})
	}
	var (
		psk    = has(rsn, "wpa-psk", "wpa-ft-psk")
		oldPSK = has(wpa, "wpa-psk")
		sae    = has(rsn, "sae", "ft-sae")
	)
	switch {
	case psk && sae:
		return hal.AuthWPA2WPA3PSK
	case sae:
		return hal.AuthWPA3PSK
	case psk && oldPSK:
		return hal.AuthWPAWPA2PSK
	case psk:
		return hal.AuthWPA2PSK
	case oldPSK:
		return hal.AuthWPAPSK
	case has(rsn, "owe"):
		return hal.AuthOWE
	case has(rsn, "wpa-eap-suite-b-192"):
		return hal.AuthWPA3Ent192
	case has(rsn, ""), has(wpa, ""):
		return hal.AuthWPA2Enterprise // or another kind that needs more than a passphrase
	case get[string](rsn, "Group") != "":
		return hal.AuthWPA3PSK // as a wpa_supplicant that was built without SAE shows it
	case get[bool](p, "Privacy"):
		return hal.AuthWEP
	}
	return hal.AuthOpen
}

// heard returns the access points that an interface knows and has heard since then.
func (b *bus) heard(ctx context.Context, path dbus.ObjectPath, since time.Time) ([]hal.AccessPoint, error) {
	paths, err := prop[[]dbus.ObjectPath](ctx, b, path, iface, "BSSs")
	if err != nil {
		return nil, err
	}
	calls := make([]*dbus.Call, len(paths))
	for i, p := range paths {
		calls[i] = b.conn.Object(name, p).GoWithContext(ctx, propsIf+".GetAll", 0, make(chan *dbus.Call, 1), bssIf)
	}
	list := make([]hal.AccessPoint, 0, len(paths))
	for _, call := range calls {
		<-call.Done
		var p props
		if b.result(ctx, call, &p) != nil {
			continue // forgotten meanwhile, or not to be understood
		}
		if time.Duration(get[uint32](p, "Age"))*time.Second <= time.Since(since) {
			list = append(list, accessPoint(p))
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return list, nil
}

// current returns the access point at which an interface is.
func (b *bus) current(ctx context.Context, path dbus.ObjectPath) (hal.AccessPoint, error) {
	bss, err := prop[dbus.ObjectPath](ctx, b, path, iface, "CurrentBSS")
	if err != nil {
		return hal.AccessPoint{}, err
	}
	var p props
	if err := b.call(ctx, bss, propsIf+".GetAll", []any{bssIf}, &p); err != nil {
		return hal.AccessPoint{}, err
	}
	return accessPoint(p), nil
}
