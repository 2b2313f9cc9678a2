// SPDX-License-Identifier: Apache-2.0

package clientcmd

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
)

// Scan is the command scan.
type Scan struct {
	session
	All     bool `help:"list every access point, hidden ones too; otherwise the strongest of each name"`
	Passive bool `help:"let the device listen only, without sending probes"`
}

// Help explains the command.
func (*Scan) Help() string {
	return `Lists the Wi-Fi networks that a device sees, strongest first. Over its access point the
device scans in groups of channels, to stay in reach meanwhile.

examples:
  espprov scan --pop abcd1234
  espprov scan --transport ble --device PROV_A1B2C3 --json

With --json each network is a line: {"ssid":…,"bssid":…,"channel":…,"rssi":…,"auth":…}.
A name that is no UTF-8 is in ssid_hex, too. Status 1: the device sees none.`
}

// network is a line of the list.
type network struct {
	SSID    string `json:"ssid"`
	SSIDHex string `json:"ssid_hex,omitempty"`
	BSSID   string `json:"bssid"`
	Channel int    `json:"channel"`
	RSSI    int    `json:"rssi"`
	Auth    string `json:"auth"`
}

// ssidHex returns the digits of a name that JSON cannot show.
func ssidHex(ssid hal.SSID) string {
	if utf8.ValidString(string(ssid)) {
		return ""
	}
	return hex.EncodeToString([]byte(ssid))
}

// scanOptions are those of Espressif's clients for the transport.
func (c *session) scanOptions() client.ScanOptions {
	if c.softAP {
		return client.ScanOptions{GroupChannels: 5}
	}
	return client.ScanOptions{}
}

// networks are the result of a scan.
type networks []client.Network

func (list networks) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NETWORK\tBSSID\tCHANNEL\tRSSI\tSECURITY")
	for _, n := range list {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d dBm\t%s\n", n.SSID, n.BSSID, n.Channel, n.RSSI, n.Auth)
	}
	_ = w.Flush() // of a Builder
	return strings.TrimSuffix(b.String(), "\n")
}

// Run scans.
func (c *Scan) Run(ctx context.Context, s cli.Streams) error {
	return c.with(ctx, s, func() (fmt.Stringer, error) {
		options := c.scanOptions()
		options.Passive = c.Passive
		found, err := c.Client.Scan(ctx, options)
		if err != nil {
			return nil, err
		}
		list := networks(found)
		if !c.All {
			list = client.MergeNetworks(found)
		}
		if len(list) == 0 {
			return nil, cli.No("the device sees no network")
		}
		return list, nil
	})
}

func (list networks) lines() []any {
	var lines []any
	for _, n := range list {
		lines = append(lines, network{string(n.SSID), ssidHex(n.SSID), n.BSSID.String(), n.Channel, n.RSSI, n.Auth.String()})
	}
	return lines
}
