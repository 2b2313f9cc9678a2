// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme/console"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// A device serves its console on a stream, and a client is at the other end of
// it. A Manager makes the device's calls for the application.
func Example() {
	device, host := net.Pipe() // on a chip: a UART, as Config.Stream

	scheme := console.New(console.Config{
		Open: func() (io.ReadWriteCloser, error) { return device, nil },
	})
	service, err := scheme.NewService()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer service.Close()
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetSecurity("prov-session", sec0.New())
	pc.SetVersion("proto-ver", "v1.1")
	if err := service.Start(pc); err != nil {
		fmt.Println(err)
		return
	}

	transport, err := client.NewConsole(host, client.ConsoleConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()
	answer, err := transport.Do(context.Background(), "proto-ver", []byte("ESP"))
	fmt.Println(string(answer), err)
	_, err = transport.Do(context.Background(), "no-such-thing", []byte("x"))
	fmt.Println(err)
	// Output:
	// v1.1 <nil>
	// device refused the request: the prompt came without an answer
}
