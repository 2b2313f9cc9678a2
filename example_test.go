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
	"github.com/wifiprov/wifiprov/scheme/softap"
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
		Scheme:       softap.New(softap.Config{AP: board, Listen: network.Listen}),
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
	c := client.New(transport, client.Config{PoP: "abcd1234", PollInterval: 10 * time.Millisecond})
	defer c.Close()
	if _, err := c.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"}); err != nil {
		panic(err)
	}
}

// An endpoint of the application's own: reserved before the start, registered
// after it.
func ExampleManager_RegisterEndpoint() {
	board, _ := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	defer board.Close()
	var network simnet.Network
	var m wifiprov.Manager
	err := m.Init(wifiprov.Config{WiFi: board, Scheme: softap.New(softap.Config{AP: board, Listen: network.Listen})})
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
