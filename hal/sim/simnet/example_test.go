// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/wifiprov/wifiprov/hal/sim/simnet"
)

// A server and a client of net/http without a socket.
func Example() {
	var network simnet.Network
	listener, err := network.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello ", r.RemoteAddr)
	})}
	go server.Serve(listener)
	defer server.Close()

	client := &http.Client{Transport: &http.Transport{DialContext: network.Dial}}
	resp, err := client.Get("http://192.168.4.1/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Println(string(text))
	// Output: hello 192.168.4.2:49152
}
