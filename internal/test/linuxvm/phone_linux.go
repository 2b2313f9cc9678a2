// SPDX-License-Identifier: Apache-2.0

package linuxvm

import (
	"context"
	"fmt"
	"os"
	"strings"
)

const udhcpcScript = `#!/bin/sh
case $1 in
deconfig) ip addr flush dev "$interface" ;;
bound | renew)
	ip addr replace "$ip/$mask" dev "$interface"
	[ -z "$router" ] || ip route replace default via "$router"
	;;
esac
`

// JoinAP lets the phone join the access point of a device, and get an address.
func JoinAP(ctx context.Context, ssid, passphrase string) error {
	security := "key_mgmt=NONE"
	if passphrase != "" {
		security = fmt.Sprintf("key_mgmt=WPA-PSK\npsk=%q", passphrase)
	}
	// A phone scans the channels of 2.4 GHz first.
	config := fmt.Sprintf("ctrl_interface=/run/wpa-phone\nap_scan=1\nnetwork={\nssid=%q\nscan_ssid=1\n%s\nscan_freq=2412 2417 2422 2427 2432 2437 2442 2447 2452 2457 2462\n}\n", ssid, security)
	if err := os.WriteFile("/run/wpa-phone.conf", []byte(config), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile("/run/udhcpc", []byte(udhcpcScript), 0o755); err != nil {
		return err
	}
	if err := LeaveAP(ctx); err != nil {
		return err
	}
	if _, err := Start("wpa-phone", Phone("wpa_supplicant", "-t", "-i", "wlan1", "-c", "/run/wpa-phone.conf")...); err != nil {
		return err
	}
	if err := Wait(ctx, "the phone joins "+ssid, func() bool {
		out, err := Run(ctx, Phone("wpa_cli", "-p", "/run/wpa-phone", "-i", "wlan1", "status")...)
		return err == nil && strings.Contains(out, "wpa_state=COMPLETED")
	}); err != nil {
		return err
	}
	if _, err := Start("udhcpc-phone", Phone("busybox", "udhcpc", "-f", "-i", "wlan1", "-t", "10", "-T", "1", "-A", "1", "-s", "/run/udhcpc")...); err != nil {
		return err
	}
	return Wait(ctx, "the phone has an address", func() bool {
		out, err := Run(ctx, Phone("ip", "-4", "-o", "addr", "show", "dev", "wlan1")...)
		return err == nil && strings.Contains(out, "inet ")
	})
}

// LeaveAP lets the phone leave it.
func LeaveAP(ctx context.Context) error {
	for _, name := range []string{"udhcpc-phone", "wpa-phone"} {
		if err := Stop(ctx, name); err != nil {
			return err
		}
	}
	_, err := Run(ctx, Phone("ip", "addr", "flush", "dev", "wlan1")...)
	return err
}
