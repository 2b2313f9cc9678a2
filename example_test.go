// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A device from power-on to provisioned. The board is simulated, and so is the
// network that its access point opens; the rest is what firmware does.
func Example() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 100}) // a hundred times as fast
	air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Auth: hal.AuthWPA2PSK})
	board, err := air.NewBoard(sim.BoardConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	var network simnet.Network

	var m wifiprov.Manager
	err = m.Init(wifiprov.Config{
		WiFi:         board,
		Scheme:       softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}}),
		Clock:        air.Clock(),
		EventHandler: func(e wifiprov.Event) { fmt.Println(e.Kind) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if provisioned, err := m.IsProvisioned(); err == nil && !provisioned {
		sec, err := sec1.New(sec1.Config{PoP: "abcd1234"})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := m.StartProvisioning(sec, "PROV_A1B2C3", ""); err != nil {
			fmt.Println(err)
			return
		}
		go phone(&network)
		m.Wait()
	}
	m.Deinit()

	// Output:
	// INIT
	// START
	// CRED_RECV
	// CRED_SUCCESS
	// END
	// DEINIT
}

// phone is the app of the device's owner.
func phone(network *simnet.Network) {
	transport, err := client.NewHTTP(client.HTTPConfig{Dial: network.Dial})
	if err != nil {
		panic(err)
	}
	c, err := client.New(transport, client.Config{PoP: "abcd1234", PollInterval: 10 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	if _, err := c.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"}); err != nil {
		panic(err)
	}
}

// A device that has a network, and keeps it when somebody sends a wrong
// passphrase: flash gets credentials only when they have led to an address. The
// next try needs no reset.
func ExampleConfig_verifyCredentials() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 1000})
	air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "correct horse", Auth: hal.AuthWPA2PSK})
	board, _ := air.NewBoard(sim.BoardConfig{})
	defer board.Close()
	board.SetStationConfig(hal.StationConfig{SSID: "OldNet", Passphrase: "battery staple"})
	var network simnet.Network

	var m wifiprov.Manager
	outcome := make(chan wifiprov.Event, 1)
	err := m.Init(wifiprov.Config{
		WiFi:              board,
		Scheme:            softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}}),
		Clock:             air.Clock(),
		VerifyCredentials: true,
		RetryAfterFailure: true,
		EventHandler: func(e wifiprov.Event) {
			if e.Kind == wifiprov.EventCredFail || e.Kind == wifiprov.EventCredSuccess {
				outcome <- e
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Deinit()
	if err := m.StartProvisioning(sec0.New(), "PROV_A1B2C3", ""); err != nil {
		fmt.Println(err)
		return
	}
	for _, passphrase := range []hal.Secret{"wrong horse", "correct horse"} {
		// What a client's ApplyConfig does.
		if err := m.ConfigureStation(hal.StationConfig{SSID: "HomeNet", Passphrase: passphrase}); err != nil {
			fmt.Println(err)
			return
		}
		e := <-outcome
		now, _ := board.StationConfig()
		fmt.Println(e.Kind, "- the device's network is", now.SSID)
	}
	// Output:
	// CRED_FAIL - the device's network is OldNet
	// CRED_SUCCESS - the device's network is HomeNet
}

// Three attempts for each set of credentials, and only access points with WPA2
// or better.
func ExampleConfig_attempts() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 1000})
	board, _ := air.NewBoard(sim.BoardConfig{})
	defer board.Close()
	var network simnet.Network

	var m wifiprov.Manager
	failed := make(chan wifiprov.FailReason, 1)
	err := m.Init(wifiprov.Config{
		WiFi:          board,
		Scheme:        softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}}),
		Clock:         air.Clock(),
		Attempts:      3,
		AdjustStation: func(c *hal.StationConfig) { c.MinAuth = hal.AuthWPA2PSK },
		EventHandler: func(e wifiprov.Event) {
			if e.Kind == wifiprov.EventCredFail {
				failed <- e.Reason
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Deinit()
	if err := m.StartProvisioning(sec0.New(), "PROV_A1B2C3", ""); err != nil {
		fmt.Println(err)
		return
	}
	left, _ := m.RemainingAttempts()
	fmt.Println(left, "attempts")
	m.ConfigureStation(hal.StationConfig{SSID: "Nowhere", Passphrase: "correct horse"})
	fmt.Println(<-failed)
	left, _ = m.RemainingAttempts()
	fmt.Println(left, "attempts left")
	// Output:
	// 3 attempts
	// access point not found
	// 0 attempts left
}

// Whether a device needs provisioning can be asked before anything else runs.
func ExampleManager_IsProvisioned() {
	board, _ := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	defer board.Close()
	var m wifiprov.Manager
	m.Init(wifiprov.Config{WiFi: board, Scheme: softap.New(softap.Config{AP: board})})
	defer m.Deinit()
	fmt.Println(m.IsProvisioned())
	board.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "correct horse"})
	fmt.Println(m.IsProvisioned())
	// Output:
	// false <nil>
	// true <nil>
}

// An endpoint of the application's own: reserved before the start, registered
// after it.
func ExampleManager_RegisterEndpoint() {
	board, _ := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	defer board.Close()
	var network simnet.Network
	var m wifiprov.Manager
	err := m.Init(wifiprov.Config{WiFi: board, Scheme: softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}})})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.CreateEndpoint("custom-data"))
	fmt.Println(m.RegisterEndpoint("custom-data", nil))
	// Output:
	// <nil>
	// wifiprov: RegisterEndpoint: the service is IDLE; register at EventStart or later
}
