// SPDX-License-Identifier: Apache-2.0

package schemetest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
	"github.com/wifiprov/wifiprov/scheme/softap"
)

// noAP is an access point that does nothing.
type noAP struct{}

func (noAP) StartSoftAP(hal.SoftAPConfig) error { return nil }
func (noAP) StopSoftAP() error                  { return nil }

// The checks find nothing wrong with the SoftAP scheme. A test makes them all with
// schemetest.Run.
func Example() {
	open := func() schemetest.Rig {
		var network simnet.Network
		phone := &http.Client{Transport: &http.Transport{DialContext: network.Dial, DisableKeepAlives: true}}
		return schemetest.Rig{
			Scheme: softap.New(softap.Config{AP: noAP{}, Server: httpd.Config{Listen: network.Listen}}),
			Name:   "PROV_1",
			Ask: func(endpoint string, req []byte) ([]byte, error) {
				resp, err := phone.Post("http://192.168.4.1/"+endpoint, "", strings.NewReader(string(req)))
				if err != nil {
					return nil, err
				}
				defer resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					return nil, fmt.Errorf("status %s", resp.Status)
				}
				return io.ReadAll(resp.Body)
			},
		}
	}
	for _, check := range schemetest.Checks() {
		if err := check.Run(open()); err != nil {
			fmt.Println(check.Name, err)
		}
	}
	// Output:
}
