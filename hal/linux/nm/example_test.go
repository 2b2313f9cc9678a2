// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nm_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/nm"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
)

// A Daemon is mostly given to a radio.Radio. Alone it takes the interface, tries a
// network, and stores it if it works; otherwise the former network comes back.
func Example() {
	ctx := context.Background()
	var d radio.Daemon
	d, err := nm.New(nm.Config{Interface: "wlan0"})
	if err != nil {
		log.Print(err)
		return
	}
	defer d.Close()
	if err := d.Take(ctx); err != nil {
		log.Print(err)
		return
	}
	cfg := hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	attempt, end := context.WithCancelCause(ctx)
	w := watcher{connected: func() {
		if err := d.Save(ctx, cfg); err == nil {
			end(radio.ErrKeep)
		}
	}}
	fmt.Println(d.Join(attempt, cfg, w))
	if err := d.Release(ctx, attempt.Err() != nil); err != nil {
		log.Print(err)
	}
}

type watcher struct{ connected func() }

func (watcher) Step(i hal.JoinInfo)       { fmt.Println(i.Step) }
func (watcher) Connected(hal.AccessPoint) {}
func (w watcher) Address(ip hal.IPConfig) { fmt.Println(ip.Address); w.connected() }
