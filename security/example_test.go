// SPDX-License-Identifier: Apache-2.0

package security_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A client of any security shakes hands: here with a device that knows another proof
// of possession.
func Example() {
	device, _ := sec1.New(sec1.Config{PoP: "abcd1234"})
	session, _ := device.NewSession()
	defer session.Close()

	var client security.Client
	client, _ = sec1.NewClient(sec1.Config{PoP: "a guess"})
	defer client.Close()
	var resp []byte
	for {
		req, done, err := client.Step(resp)
		if done || err != nil {
			fmt.Println("done", done, err)
			return
		}
		if resp, err = session.Handshake(nil, req); err != nil {
			fmt.Println("proof refused:", client.Proving())
			return
		}
	}
	// Output: proof refused: true
}
