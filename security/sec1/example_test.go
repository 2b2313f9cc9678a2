// SPDX-License-Identifier: Apache-2.0

package sec1_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/security/sec1"
)

// Both halves of a handshake and one encrypted request.
func Example() {
	cfg := sec1.Config{PoP: "abcd1234"}
	device, err := sec1.New(cfg)
	if err != nil {
		panic(err)
	}
	session, err := device.NewSession()
	if err != nil {
		panic(err)
	}
	client, err := sec1.NewClient(cfg)
	if err != nil {
		panic(err)
	}

	var resp []byte
	for {
		req, done, err := client.Step(resp)
		if err != nil {
			panic(err)
		}
		if done {
			break
		}
		// A transport carries req to the device and resp back.
		if resp, err = session.Handshake(nil, req); err != nil {
			panic(err)
		}
	}

	wire, _ := client.Encrypt(nil, []byte("hello"))
	plain, _ := session.Decrypt(wire)
	fmt.Printf("%v %s\n", session.Established(), plain)
	fmt.Println(cfg)
	// Output:
	// true hello
	// sec1.Config{…}
}
