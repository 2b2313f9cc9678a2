// SPDX-License-Identifier: Apache-2.0

package label_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
)

func ExampleParse() {
	l, err := label.Parse(`{"ver":"v1","name":"PROV_A1B2C3","pop":"abcd1234","transport":"ble"}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var cfg client.Config // for client.New
	l.Fill(&cfg)
	fmt.Println(l.Name, l.Transport, l.PoP)
	// Output: PROV_A1B2C3 ble [hidden]
}

func ExampleLabel_JSON() {
	l := label.Label{Name: "PROV_A1B2C3", PoP: "abcd1234", Transport: label.BLE, Security: client.Security1}
	text, err := l.JSON()
	fmt.Println(text, err)
	// Output: {"ver":"v1","name":"PROV_A1B2C3","pop":"abcd1234","transport":"ble","security":1} <nil>
}
