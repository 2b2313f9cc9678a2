// SPDX-License-Identifier: Apache-2.0

package httpd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// A service of one endpoint without encryption, on a port of its own.
func Example() {
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetSecurity("prov-session", sec0.New())
	pc.SetVersion("proto-ver", "v1.1")
	pc.AddEndpoint("greet", func(_ protocomm.SessionID, name []byte) ([]byte, error) {
		return append([]byte("hello "), name...), nil
	})

	server := httpd.New(httpd.Config{
		Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
	})
	if err := server.Start(pc); err != nil {
		fmt.Println(err)
		return
	}
	resp, err := http.Post("http://"+server.Addr().String()+"/greet", "", strings.NewReader("world"))
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, string(body))

	server.Stop(pc)
	server.Wait()
	// Output: 200 OK hello world
}
