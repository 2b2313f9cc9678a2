// SPDX-License-Identifier: Apache-2.0

package config

import (
	_ "embed"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Path is where the configuration is unless a command says another one.
const Path = "/etc/wifiprov/wifiprovd.yaml"

// Auto is the value of Interface and Backend that wifiprovd replaces by what it finds.
const Auto = "auto"

// Values of Backend.
const (
	WPASupplicant  = "wpa_supplicant"
	NetworkManager = "networkmanager"
)

// Values of Transport.
const (
	SoftAP = "softap"
	BLE    = "ble"
)

// Values of BLEStack.
const (
	Bluetoothd = "bluetoothd"
	Kernel     = "kernel"
)

// Values of StartNetwork.
const (
	AnyNetwork = "any"
	OwnNetwork = "interface"
)

// Config is a configuration. Times of 0 mean never, or without a limit.
type Config struct {
	Interface string
	Backend   string
	Transport string

	APInterface string // "": an access point opens on the radio of Interface
	SystemDHCP  bool   // with wpa_supplicant: another program gets the addresses

	// ServiceName may have {mac} in it, for which NameFor puts the end of an address.
	ServiceName string
	ServiceKey  hal.Secret

	Security        int
	Username        string
	CredentialsFile string // "": a random password of the box
	ShowPassword    bool   // once, when it is made
	LabelFile       string // "": none

	StartNoNetwork, StartUnprovisioned time.Duration
	StartNetwork                       string

	WindowLength time.Duration
	Attempts     int
	ProofDelay   time.Duration

	BLEStack   string
	BLEAdapter string // "": the first

	ButtonChip      string // "": there is no button
	ButtonLine      int
	ButtonActiveLow bool
	ButtonPull      string // as-is, up, down or none
	ButtonDebounce  time.Duration
	ButtonReset     time.Duration // 0: never

	HooksFolder  string // "": none
	HooksTimeout time.Duration
}

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{
		Interface: Auto, Backend: Auto, Transport: SoftAP,
		ServiceName: "PROV_{mac}",
		Security:    2, Username: "wifiprov", ShowPassword: true, LabelFile: "/var/lib/wifiprov/label.txt",
		StartNoNetwork: 5 * time.Minute, StartUnprovisioned: time.Minute, StartNetwork: AnyNetwork,
		WindowLength: 10 * time.Minute, Attempts: 2, ProofDelay: 5 * time.Second,
		BLEStack:   Bluetoothd,
		ButtonPull: "as-is", ButtonActiveLow: true, ButtonDebounce: 20 * time.Millisecond, ButtonReset: 10 * time.Second,
		HooksFolder: "/etc/wifiprov/hooks.d", HooksTimeout: 10 * time.Second,
	}
}

// Sample is the configuration file that is installed: all keys with their defaults, and
// what they mean.
//
//go:embed wifiprovd.yaml
var Sample string
