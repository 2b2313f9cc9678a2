// SPDX-License-Identifier: Apache-2.0

package softap_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// A simulated board opens its access point and answers on it. A Manager makes
// these calls for the application.
func Example() {
	board, _ := sim.NewAir(sim.AirConfig{}).NewBoard(sim.BoardConfig{})
	defer board.Close()
	board.Start()
	var network simnet.Network // on a real device: leave Config.Listen nil

	service, err := softap.New(softap.Config{AP: board, Server: httpd.Config{Listen: network.Listen}}).NewService()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer service.Close()
	if err := service.SetService("PROV_1A2B3C", "12345678"); err != nil {
		fmt.Println(err)
		return
	}

	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetSecurity("prov-session", sec0.New())
	pc.SetVersion("proto-ver", "v1.1")
	if err := service.Start(pc); err != nil {
		fmt.Println(err)
		return
	}
	ap, _ := board.SoftAP()
	fmt.Println("access point", ap.SSID, ap.Auth)

	phone := &http.Client{Transport: &http.Transport{DialContext: network.Dial}}
	resp, err := phone.Post("http://192.168.4.1/proto-ver", "", strings.NewReader("x"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := io.ReadAll(resp.Body)
	fmt.Println("version", string(text))

	service.Stop()
	_, open := board.SoftAP()
	fmt.Println("open", open)
	// Output:
	// access point PROV_1A2B3C WPA/WPA2
	// version v1.1
	// open false
}
