// SPDX-License-Identifier: Apache-2.0

package protocomm_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec1"
)

// A device with one endpoint, and what a transport does for a client.
func Example() {
	cfg := sec1.Config{PoP: "abcd1234"}
	security, err := sec1.New(cfg)
	if err != nil {
		panic(err)
	}
	p := protocomm.New(protocomm.Config{})
	defer p.Close()
	err = errors.Join(
		p.SetVersion("proto-ver", `{"prov":{"ver":"v1.1"}}`),
		p.SetSecurity("prov-session", security),
		p.AddEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return bytes.ToUpper(req), nil
		}),
	)
	if err != nil {
		panic(err)
	}

	// A client connects; the transport gives it a session.
	const id = 1
	if err := p.OpenSession(id); err != nil {
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
		if resp, err = p.Handle(nil, "prov-session", id, req); err != nil {
			panic(err)
		}
	}
	wire, _ := client.Encrypt(nil, []byte("hello"))
	wire, err = p.Handle(nil, "custom-data", id, wire)
	if err != nil {
		panic(err)
	}
	plain, _ := client.Decrypt(nil, wire)
	fmt.Printf("%s\n", plain)

	// It leaves.
	_ = p.CloseSession(id)
	_, err = p.Handle(nil, "custom-data", id, wire)
	fmt.Println(err)
	// Output:
	// HELLO
	// protocomm: request to custom-data: session 1 is not open; open it and shake hands on prov-session
}
