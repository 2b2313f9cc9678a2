// SPDX-License-Identifier: Apache-2.0

package linuxvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Network is a network around the machine. Its router answers pings.
type Network struct {
	SSID       string
	Passphrase string // of all that have one: the same
	Channel    int
	Subnet     string // the first three bytes of its addresses; "": no DHCP server
	lines      string // of hostapd's configuration
}

// Passphrase is that of all networks that have one.
const Passphrase = "correct horse"

const (
	wpa2 = "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\nwpa_passphrase=" + Passphrase + "\n"
	wpa3 = "wpa=2\nwpa_key_mgmt=SAE\nrsn_pairwise=CCMP\nieee80211w=2\nsae_password=" + Passphrase + "\n"
	both = "wpa=2\nwpa_key_mgmt=WPA-PSK SAE\nrsn_pairwise=CCMP\nieee80211w=1\nsae_require_mfp=1\nwpa_passphrase=" + Passphrase + "\n"
)

// Networks of the machine.
var (
	HomeNet   = &Network{SSID: "HomeNet", Passphrase: Passphrase, Channel: 6, Subnet: "192.168.77", lines: wpa2}
	SaeNet    = &Network{SSID: "SaeNet", Passphrase: Passphrase, Channel: 11, Subnet: "192.168.78", lines: wpa3}
	OpenNet   = &Network{SSID: "OpenNet", Channel: 1, Subnet: "192.168.79"}
	MixedNet  = &Network{SSID: "MixedNet", Passphrase: Passphrase, Channel: 3, Subnet: "192.168.80", lines: both}
	FiveNet   = &Network{SSID: "FiveNet", Passphrase: Passphrase, Channel: 36, Subnet: "192.168.81", lines: wpa2}
	SilentNet = &Network{SSID: "SilentNet", Passphrase: Passphrase, Channel: 9, lines: wpa2} // without DHCP
	Networks  = []*Network{HomeNet, SaeNet, OpenNet, MixedNet, FiveNet, SilentNet}
)

// spare is the number of a radio that nobody has. The device has 0, the phone 1, and then
// come the networks.
var spare = 2 + len(Networks)

// Second is the interface of SecondRadio.
var Second = fmt.Sprintf("wlan%d", spare)

// Radios makes the radios, and the namespaces of the phone and the networks.
func Radios(ctx context.Context) error {
	script := fmt.Sprintf(`
		modprobe mac80211_hwsim radios=%d
		for namespace in air phone; do
			ip netns add $namespace
			ip -n $namespace link set lo up
		done
		iw reg set DE
		iw phy phy1 set netns name phone
		for phy in $(seq 2 %d); do iw phy phy$phy set netns name air; done
		udevadm settle -t 20
		`, spare+1, spare)
	_, err := Run(ctx, "sh", "-ec", script)
	return err
}

// SecondRadio gives the device another radio, with the interface Second, or takes it away.
func SecondRadio(ctx context.Context, on bool) error {
	phy := fmt.Sprintf("phy%d", spare)
	if !on {
		_, err := Run(ctx, "iw", "phy", phy, "set", "netns", "name", "air")
		return err
	}
	if _, err := Run(ctx, Air("iw", "phy", phy, "set", "netns", "1")...); err != nil {
		return err
	}
	_, err := Run(ctx, "udevadm", "settle", "-t", "20")
	return err
}

func (n *Network) iface() string {
	for i, other := range Networks {
		if n == other {
			return fmt.Sprintf("wlan%d", 2+i)
		}
	}
	panic(n.SSID)
}

// Open opens the network; Close closes it, and tells its stations; Vanish closes it
// without a word. Closed networks are opened again by Open.
func (n *Network) Open(ctx context.Context) error {
	iface := n.iface()
	mode := "g"
	if n.Channel > 14 {
		mode = "a"
	}
	config := fmt.Sprintf("interface=%s\ndriver=nl80211\nctrl_interface=/run/hostapd\ncountry_code=DE\nssid=%s\nhw_mode=%s\nchannel=%d\nieee80211n=1\n%s",
		iface, n.SSID, mode, n.Channel, n.lines)
	file := "/run/hostapd-" + n.SSID + ".conf"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	if err := Stop(ctx, "hostapd-"+n.SSID); err != nil {
		return err
	}
	if _, err := Start("hostapd-"+n.SSID, Air("hostapd", "-t", file)...); err != nil {
		return err
	}
	if err := Wait(ctx, n.SSID+" is open", func() bool {
		status, err := n.hostapd(ctx, "status")
		return err == nil && strings.Contains(status, "state=ENABLED")
	}); err != nil {
		return err
	}
	if n.Subnet == "" {
		return nil
	}
	_, err := Run(ctx, Air("ip", "addr", "replace", n.Subnet+".1/24", "dev", iface)...)
	return err
}

// Close ends it as an access point that is switched off tells its stations.
func (n *Network) Close(ctx context.Context) error {
	return Stop(ctx, "hostapd-"+n.SSID)
}

// Vanish ends it without a word.
func (n *Network) Vanish(ctx context.Context) error {
	return Kill(ctx, "hostapd-"+n.SSID)
}

// Deauth throws all stations out, which may come back.
func (n *Network) Deauth(ctx context.Context) error {
	_, err := n.hostapd(ctx, "deauthenticate", "ff:ff:ff:ff:ff:ff")
	return err
}

// Has tells whether a station with this address of a card is in the network.
func (n *Network) Has(ctx context.Context, mac string) bool {
	out, err := n.hostapd(ctx, "sta", mac)
	return err == nil && strings.Contains(out, "[AUTHORIZED]")
}

func (n *Network) hostapd(ctx context.Context, command ...string) (string, error) {
	return Run(ctx, append(Air("hostapd_cli", "-p", "/run/hostapd", "-i", n.iface()), command...)...)
}

// Serve starts the networks' DHCP server.
func Serve(ctx context.Context) error {
	command := Air("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--log-facility=-",
		"--log-dhcp", "--bind-dynamic", "--dhcp-leasefile=/run/leases", "--dhcp-authoritative", "--no-ping", "--pid-file=")
	for _, n := range Networks {
		if n.Subnet != "" {
			command = append(command, "--dhcp-range="+n.Subnet+".10,"+n.Subnet+".200,1h")
		}
	}
	_, err := Start("dhcp", command...)
	return err
}

// Up makes the whole air: radios, networks, DHCP server. It takes some seconds.
func Up(ctx context.Context) error {
	if _, err := os.Stat("/sys/module/mac80211_hwsim"); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := Radios(ctx); err != nil {
		return err
	}
	errs := make(chan error)
	for _, n := range Networks {
		go func() { errs <- n.Open(ctx) }()
	}
	var err error
	for range Networks {
		err = errors.Join(err, <-errs)
	}
	return errors.Join(err, Serve(ctx))
}
