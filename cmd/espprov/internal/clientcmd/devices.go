// SPDX-License-Identifier: Apache-2.0

package clientcmd

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/target"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// Devices is the command devices.
type Devices struct {
	output
	Bluetooth string        `placeholder:"ADAPTER" default:"bluez" help:"bluez (or bluez:hci1), or a controller: hci0, netsim:, tcp:HOST:PORT, serial:LINE"`
	For       time.Duration `placeholder:"TIME" default:"5s" help:"how long to search, ${default} if it is not given"`
	Prefix    string        `placeholder:"TEXT" default:"PROV_" help:"what their names begin with, ${default} if it is not given; empty: any device"`
	Service   target.UUID   `placeholder:"UUID" help:"the service that they offer, whatever their names"`
}

// Help explains the command.
func (*Devices) Help() string {
	return `Lists the Bluetooth devices in range that want to be provisioned, strongest first.

examples:
  espprov devices
  espprov devices --prefix LAMP_ --for 10s --json
  espprov devices --service 021a9004-0382-4aea-bff4-6b3f1c5adfb4

With --json each device is a line: {"name":…,"address":…,"rssi":…,"services":[…]}, with its
manufacturer data in hexadecimal digits. Status 1: there is none.`
}

// Run searches.
func (c *Devices) Run(ctx context.Context, s cli.Streams) error {
	central, closeBluetooth, err := target.OpenCentral(ctx, c.Bluetooth)
	if err != nil {
		return c.fail(s, fmt.Errorf("--bluetooth: %w", err))
	}
	defer closeBluetooth()
	list, err := target.Find(ctx, central, c.Prefix, ble.UUID(c.Service), c.For)
	if err == nil && len(list) == 0 {
		err = cli.No("no device is in range that fits: is it on and in provisioning mode?")
	}
	if err != nil {
		return c.fail(s, err)
	}
	return c.print(s, found(list))
}

// found are the devices in range.
type found []client.Advertisement

func (list found) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tADDRESS\tRSSI\tSERVICES")
	for _, a := range list {
		fmt.Fprintf(w, "%s\t%s\t%d dBm\t%s\n", hal.SSID(a.Name), a.Address, a.RSSI, strings.Join(services(a), " "))
	}
	_ = w.Flush() // of a Builder
	return strings.TrimSuffix(b.String(), "\n")
}

func (list found) lines() []any {
	var lines []any
	for _, a := range list {
		lines = append(lines, struct {
			Name         string   `json:"name"`
			Address      string   `json:"address"`
			RSSI         int      `json:"rssi"`
			Services     []string `json:"services,omitempty"`
			Manufacturer string   `json:"manufacturer_data,omitempty"`
		}{a.Name, a.Address, a.RSSI, services(a), hex.EncodeToString(a.ManufacturerData)})
	}
	return lines
}

func services(a client.Advertisement) []string {
	var list []string
	for _, u := range a.Services {
		list = append(list, u.String())
	}
	return list
}
