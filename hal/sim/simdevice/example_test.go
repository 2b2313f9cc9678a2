// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/scheme/ble"
)

// A phone is given the wrong passphrase, then the right one.
func Example() {
	device, _ := simdevice.Start(simdevice.Config{Security: simdevice.Security2("wifiprov", "abcd1234")})
	defer device.Close()
	phone, _ := device.Client(client.Config{PollInterval: 100 * time.Millisecond})
	defer phone.Close()
	_, err := phone.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "wrong horse"})
	fmt.Println(errors.Is(err, client.ErrAuth))
	_ = phone.Reset(context.Background())
	conn, err := phone.Provision(context.Background(), simdevice.Right)
	fmt.Println(conn.IP, err)
	// Output:
	// true
	// 192.168.1.77 <nil>
}

// The link breaks at the third request for networks.
func ExampleDevice_Inject() {
	device, _ := simdevice.Start(simdevice.Config{})
	defer device.Close()
	_ = device.Inject(simdevice.Fault{Kind: simdevice.CutLink, Endpoint: "prov-scan", Request: 3})
	phone, _ := device.Client(client.Config{})
	defer phone.Close()
	_ = phone.Connect(context.Background())
	_, err := phone.Scan(context.Background(), client.ScanOptions{})
	fmt.Println(err)
	// Output:
	// client: scan: prov-scan: device refused the request: connection closed without an answer (call Connect to start over)
}

// A device on Bluetooth that reboots, and waits for a phone again.
func ExampleDevice_Reboot() {
	device, _ := simdevice.Start(simdevice.Config{Transport: simdevice.BLE, Name: "PROV_LAMP"})
	defer device.Close()
	for range 2 {
		e, _ := device.Await(context.Background(), simdevice.Named("PROV_START"))
		fmt.Println(e)
		_ = device.Reboot()
	}
	// Output:
	// PROV_START
	// PROV_START
}

// A device on a loopback address, for an app that is a program of its own.
func ExampleDevice_Addr() {
	device, _ := simdevice.Start(simdevice.Config{Listen: simnet.Loopback})
	defer device.Close()
	_, _ = device.Await(context.Background(), simdevice.Named("PROV_START"))
	answer, err := http.Post("http://"+device.Addr().String()+"/proto-ver", "text/plain", strings.NewReader("ESP"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	// Output:
	// 200 OK
}

// Over BLE the link may have to be encrypted. On an air of one's own, time may run
// faster.
func Example_bluetooth() {
	air := sim.NewAir(sim.AirConfig{TimeScale: 20})
	_, _ = air.AddAP(simdevice.Home)
	device, _ := simdevice.Start(simdevice.Config{Air: air, Transport: simdevice.BLE, BLE: ble.Config{Encrypt: true}})
	defer device.Close()
	phone, _ := device.Client(client.Config{PollInterval: 20 * time.Millisecond})
	defer phone.Close()
	conn, err := phone.Provision(context.Background(), simdevice.Right)
	fmt.Println(conn.SSID, err)
	// Output:
	// HomeNet <nil>
}

// A device at a console forgets its sessions.
func Example_console() {
	device, _ := simdevice.Start(simdevice.Config{Transport: simdevice.Console})
	defer device.Close()
	phone, _ := device.Client(client.Config{PollInterval: 100 * time.Millisecond})
	defer phone.Close()
	_ = phone.Connect(context.Background())
	_ = device.Inject(simdevice.Fault{Kind: simdevice.StaleSession})
	_, err := phone.Scan(context.Background(), client.ScanOptions{})
	fmt.Println(errors.Is(err, client.ErrSessionLost))
	// Output:
	// true
}
