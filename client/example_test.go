// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/wifiprov/wifiprov/client"
)

// serveDevice is a device of the simplest kind for the examples: security 0, two
// networks in reach, and "secretpass" is the right passphrase.
func serveDevice() *httptest.Server {
	state := "\x08\x01\x5a\x02\x10\x01" // connecting
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path + " " + fmt.Sprintf("%.2x", body) {
		case "/prov-session 5203":
			io.WriteString(w, "\x52\x05\x08\x01\xaa\x01\x00")
		case "/prov-scan 5206", "/prov-scan 5204":
			io.WriteString(w, "\x08\x01\x5a\x00")
		case "/prov-scan 0802":
			io.WriteString(w, "\x08\x03\x6a\x04\x08\x01\x10\x02")
		case "/prov-scan 0804":
			io.WriteString(w, "\x08\x05\x7a\x42\x0a\x20\x0a\x07HomeNet\x10\x06\x18\xd1\xff\xff\xff\xff\xff\xff\xff\xff\x01\x22\x06\xa0\xb1\xc2\xd3\xe4\xf5\x28\x03"+
				"\x0a\x1e\x0a\x07OpenNet\x10\x0b\x18\xb0\xff\xff\xff\xff\xff\xff\xff\xff\x01\x22\x06\x00\x11\x22\x33\x44\x55")
		case "/prov-config 0802":
			state = "\x08\x01\x5a\x04\x10\x03\x50\x00" // authentication failed
			if string(body[len(body)-10:]) == "secretpass" {
				state = "\x08\x01\x5a\x25\x5a\x23\x0a\x0c192.168.1.77\x10\x03\x1a\x07HomeNet\x22\x06\xa0\xb1\xc2\xd3\xe4\xf5\x28\x06"
			}
			io.WriteString(w, "\x08\x03\x6a\x00")
		case "/prov-config 0804":
			io.WriteString(w, "\x08\x05\x7a\x00")
		case "/prov-config 5200":
			io.WriteString(w, state)
		case "/prov-ctrl 0801":
			io.WriteString(w, "\x08\x02\x62\x00")
		case "/proto-ver 4553":
			io.WriteString(w, `{"prov":{"ver":"v1.1","sec_ver":0,"sec_patch_ver":0,"cap":["no_sec","wifi_scan"]},`+
				`"my_app":{"ver":"1.345","cap":["cloud"]}}`)
		case "/custom-data 6865":
			io.WriteString(w, "SUCCESS\x00")
		default:
			http.NotFound(w, r)
		}
	}))
}

func dial(address string, cfg client.Config) *client.Client {
	t, err := client.NewHTTP(client.HTTPConfig{Address: address})
	if err != nil {
		panic(err)
	}
	c, err := client.New(t, cfg)
	if err != nil {
		panic(err)
	}
	return c
}

// Everything in one call, with progress for the user.
func ExampleClient_Provision() {
	device := serveDevice()
	defer device.Close()

	t, err := client.NewHTTP(client.HTTPConfig{Address: device.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(t, client.Config{
		Progress: func(p client.Progress) { fmt.Println(p) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	conn, err := c.Provision(context.Background(), client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the device is", conn.IP)
	// Output:
	// version
	// security: security 0
	// handshake
	// session: security 0
	// configure: network HomeNet
	// apply
	// connected: connected to HomeNet as 192.168.1.77
	// the device is 192.168.1.77
}

// A wrong passphrase, and another try.
func ExampleClient_Reset() {
	device := serveDevice()
	defer device.Close()
	c := dial(device.URL, client.Config{})
	defer c.Close()

	ctx := context.Background()
	_, err := c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "wrongpass"})
	if errors.Is(err, client.ErrAuth) {
		fmt.Println(err)
		if err := c.Reset(ctx); err != nil {
			fmt.Println(err)
			return
		}
		_, err = c.Provision(ctx, client.Credentials{SSID: "HomeNet", Passphrase: "secretpass"})
	}
	fmt.Println(err)
	// Output:
	// client: wait: prov-config: device could not join the network: authentication error (check the passphrase, and try again, after a Reset if the device wants one)
	// <nil>
}

func ExampleClient_Scan() {
	device := serveDevice()
	defer device.Close()
	c := dial(device.URL, client.Config{})
	defer c.Close()

	ctx := context.Background()
	if err := c.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	// Groups of channels keep the device's access point reachable.
	list, err := c.Scan(ctx, client.ScanOptions{GroupChannels: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range client.MergeNetworks(list) {
		fmt.Println(n.SSID, n.RSSI, n.Auth)
	}
	// Output:
	// HomeNet -47 WPA2
	// OpenNet -80 open
}

func ExampleClient_Version() {
	device := serveDevice()
	defer device.Close()
	c := dial(device.URL, client.Config{})
	defer c.Close()

	v, err := c.Version(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Protocol, v.Security(), v.Has(client.CapWiFiScan))
	for _, app := range v.Apps {
		fmt.Println(app.Label, app.Version, app.Capabilities)
	}
	// Output:
	// v1.1 security 0 true
	// my_app 1.345 [cloud]
}

func ExampleClient_Custom() {
	device := serveDevice()
	defer device.Close()
	c := dial(device.URL, client.Config{})
	defer c.Close()

	ctx := context.Background()
	if err := c.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := c.Custom(ctx, "custom-data", []byte("hello"))
	fmt.Printf("%q %v\n", answer, err)
	// Output: "SUCCESS\x00" <nil>
}
