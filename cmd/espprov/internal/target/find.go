// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/prompt"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
)

// findTime is how long a search for devices takes, that of Espressif's apps.
const findTime = 5 * time.Second

// DefaultPrefix begins the names of devices that want to be provisioned.
const DefaultPrefix = "PROV_"

// Find returns the devices that advertise within a time, strongest first: those whose
// name begins with prefix and, if service is not zero, that offer it. A service tells
// devices without [DefaultPrefix], which does not count beside it. A device without a name
// is left out unless no prefix counts.
func Find(ctx context.Context, central client.Central, prefix string, service ble.UUID, within time.Duration) ([]client.Advertisement, error) {
	if (service != ble.UUID{}) && prefix == DefaultPrefix {
		prefix = ""
	}
	scan, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found := map[string]client.Advertisement{}
	err := central.Scan(scan, func(a client.Advertisement) bool {
		if strings.HasPrefix(a.Name, prefix) && (service == ble.UUID{} || slices.Contains(a.Services, service)) {
			found[a.Address] = a
		}
		return true
	})
	if err != nil && err != context.DeadlineExceeded { // the scan's own: see client.Central
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, &cli.Failure{Status: cli.TryAgain, Err: fmt.Errorf("searching for devices: %w", err)}
	}
	var list []client.Advertisement
	for _, a := range found {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b client.Advertisement) int {
		return cmp.Or(cmp.Compare(b.RSSI, a.RSSI), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
	return list, nil
}

// choose returns the name of the only device in range, or of the one that the user
// chooses.
func choose(ctx context.Context, s cli.Streams, central client.Central, service ble.UUID) (string, error) {
	list, err := Find(ctx, central, DefaultPrefix, service, findTime)
	if err != nil {
		return "", err
	}
	list = slices.DeleteFunc(list, func(a client.Advertisement) bool { return a.Name == "" })
	var lines []string
	for _, a := range list {
		lines = append(lines, fmt.Sprintf("%s (%d dBm)", hal.SSID(a.Name), a.RSSI))
	}
	switch {
	case len(list) == 0:
		return "", &cli.Failure{Status: cli.TryAgain, Err: errors.New("no device is in range that wants to be provisioned: is it on and in provisioning mode? Name it with --device if its name does not begin with " + DefaultPrefix)}
	case len(list) == 1:
		return list[0].Name, nil
	case !prompt.CanAsk(s):
		return "", fmt.Errorf("%d devices are in range, name one with --device: %s", len(list), strings.Join(lines, ", "))
	}
	i, err := Choose(ctx, s, "Devices in range", lines, "Device")
	if err != nil {
		return "", err
	}
	return list[i].Name, nil
}

// Choose shows a numbered list, and asks for a number until it gets one. It returns the
// index of the chosen line.
func Choose(ctx context.Context, s cli.Streams, title string, lines []string, question string) (int, error) {
	fmt.Fprintln(s.Err, title+":")
	for i, line := range lines {
		fmt.Fprintf(s.Err, "%3d  %s\n", i+1, line)
	}
	for {
		text, err := prompt.Line(ctx, s, fmt.Sprintf("%s, 1 to %d", question, len(lines)))
		if err != nil {
			return 0, err
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(lines) {
			return n - 1, nil
		}
	}
}
