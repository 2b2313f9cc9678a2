// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// testNVS replaces a station's configuration, and loses power once before and once
// inside each operation of the flash. Afterwards the flash holds the old
// configuration or the new one, whole.
func testNVS() error {
	before := hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"}
	after := hal.StationConfig{SSID: "Garden", Passphrase: "battery staple", ScanMethod: hal.ScanAllChannel}
	image := make([]byte, 3*nvs.SectorSize) // one for all cuts: RAM is short
	for cut := 0; ; cut++ {
		for _, inside := range []bool{false, true} {
			for i := range image {
				image[i] = 0xff
			}
			power := flash.NewPowerCut(flash.FromBytes(image))
			p, err := nvs.Open(power, nvs.Options{})
			if err != nil {
				return err
			}
			if err := wifistore.Save(p, before); err != nil {
				return err
			}
			if inside {
				power.Inside(cut, flash.First(13))
			} else {
				power.Before(cut)
			}
			err = wifistore.Save(p, after)
			saved, isOff := err == nil, power.IsOff()
			if !saved && !isOff {
				return err
			}
			power.Restore()
			found, err := reopen(power)
			if err != nil {
				return errors.New("after a cut at operation " + strconv.Itoa(cut) + ": " + err.Error())
			}
			if found != after && (saved || found != before) {
				return errors.New("after a cut at operation " + strconv.Itoa(cut) + " the network is " + found.SSID.String())
			}
			if !isOff {
				if cut == 0 {
					return errors.New("nothing was written")
				}
				return nil
			}
		}
	}
}

// reopen does what a device does when it starts.
func reopen(f nvs.Flash) (hal.StationConfig, error) {
	p, err := nvs.Open(f, nvs.Options{})
	if err != nil {
		return hal.StationConfig{}, err
	}
	if err := wifistore.Recover(p); err != nil {
		return hal.StationConfig{}, err
	}
	return wifistore.Load(p)
}
