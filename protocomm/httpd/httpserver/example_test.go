// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// platform is an HTTP server without a network: the test makes the requests.
type platform struct{ handler httpserver.Handler }

func (p *platform) StartHTTP(_ uint16, h httpserver.Handler) error {
	p.handler = h
	return nil
}

func (p *platform) StopHTTP() error {
	p.handler = nil
	return nil
}

// A platform hands a request over to package httpd, and gets the answer.
func Example() {
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetVersion("proto-ver", "v1.1")
	p := &platform{}
	server := httpd.New(httpd.Config{Platform: p})
	if err := server.Start(pc); err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop(pc)

	var answer httpserver.Answer
	p.handler.ServeHTTPRequest(&httpserver.Request{Conn: 1, Post: true, Path: []byte("/proto-ver"), Body: []byte("x")}, &answer)
	fmt.Println(answer.Status, string(answer.Body))
	// Output: 200 v1.1
}
