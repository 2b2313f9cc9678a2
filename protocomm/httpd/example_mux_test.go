// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
)

// The endpoints on a server that the application runs anyway.
func Example_mux() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "my device") })
	app := httptest.NewServer(mux)
	defer app.Close()

	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetVersion("proto-ver", "v1.1")
	server := httpd.New(httpd.Config{Mux: mux})
	ask := func() {
		resp, err := http.Post(app.URL+"/proto-ver", "", strings.NewReader("x"))
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}

	if err := server.Start(pc); err != nil {
		fmt.Println(err)
		return
	}
	ask()
	server.Stop(pc)
	ask()
	// Output:
	// 200 OK
	// 404 Not Found
}
