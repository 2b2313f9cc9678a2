// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
)

// phone does what an app does for its user.
func phone(ctx context.Context, address string) error {
	transport, err := client.NewHTTP(client.HTTPConfig{Address: address})
	if err != nil {
		return err
	}
	c, err := client.New(transport, client.Config{PoP: pop, PollInterval: 250 * time.Millisecond})
	if err != nil {
		return err
	}
	defer c.Close()

	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	say(app, fmt.Sprintf("device speaks %v", version))
	if err := c.Connect(ctx); err != nil {
		return err
	}
	say(app, "session is up, everything from here on is encrypted")

	say(app, "which networks does the device see?")
	networks, err := c.Scan(ctx, client.ScanOptions{})
	if err != nil {
		return err
	}
	for _, n := range networks {
		say(app, fmt.Sprintf("  %-14s %4d dBm  channel %2d  %s", n.SSID, n.RSSI, n.Channel, n.Auth))
	}

	say(app, "sending a passphrase with a typing error")
	_, err = provision(ctx, c, "correct hrose")
	if !errors.Is(err, client.ErrAuth) {
		return fmt.Errorf("the wrong passphrase gave %v, want %w", err, client.ErrAuth)
	}
	say(bad, "failed: the network refused the passphrase")

	say(app, "reset, and once more with the right one")
	if err := c.Reset(ctx); err != nil {
		return err
	}
	conn, err := provision(ctx, c, "correct horse")
	if err != nil {
		return err
	}
	say(good, fmt.Sprintf("device is in %s, channel %d, with address %s", conn.SSID, conn.Channel, conn.IP))
	return nil
}

func provision(ctx context.Context, c *client.Client, passphrase hal.Secret) (client.Connection, error) {
	return c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: passphrase})
}
