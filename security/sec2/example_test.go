// SPDX-License-Identifier: Apache-2.0

package sec2_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/security/sec2"
)

// What the device keeps, both halves of a handshake, and one encrypted request.
func Example() {
	salt, verifier, err := sec2.Generate("wifiprov", "abcd1234", 0, nil)
	if err != nil {
		panic(err)
	}
	device, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	if err != nil {
		panic(err)
	}
	session, err := device.NewSession()
	if err != nil {
		panic(err)
	}
	client, err := sec2.NewClient(sec2.ClientConfig{
		Username: "wifiprov", Password: "abcd1234",
		PatchVersion: device.PatchVersion(), // the phone reads it in proto-ver
	})
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
	// Output:
	// true hello
}
