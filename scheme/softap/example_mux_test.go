// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package softap_test

import (
	"fmt"
	"net/http"

	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// An application that runs a web server anyway has provisioning on it, under
// the paths of the endpoints.
func Example_mux() {
	board, _ := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	defer board.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "my device") })
	// go http.ListenAndServe(":80", mux)

	scheme := softap.New(softap.Config{AP: board, Server: httpd.Config{Mux: mux}})
	// Give it to wifiprov.Config.Scheme.
	fmt.Println("Wi-Fi mode", scheme.WiFiMode())
	// Output: Wi-Fi mode APSTA
}
