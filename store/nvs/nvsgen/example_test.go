// SPDX-License-Identifier: Apache-2.0

package nvsgen_test

import (
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// A device leaves the factory with its serial number.
func ExampleGenerate() {
	image, err := nvsgen.Generate(strings.NewReader(`key,type,encoding,value
app,namespace,,
serial,data,string,SN-0001
limit,data,i32,-40
`), nvsgen.Options{Size: 0x6000})
	if err != nil {
		fmt.Println(err)
		return
	}

	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{}) // what the device does
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Text(p, "app", "serial"))
	fmt.Println(store.Int[int32](p, "app", "limit"))
	// Output:
	// SN-0001 <nil>
	// -40 <nil>
}

// Errors say where the file is wrong and what to do.
func ExampleGenerate_error() {
	_, err := nvsgen.Generate(strings.NewReader("key,type,encoding,value\napp,namespace,,\nlimit,data,u8,300\n"),
		nvsgen.Options{Size: 0x6000})
	fmt.Println(err)
	// Output:
	// nvsgen: line 3, column 15 (value), key limit: "300" is no u8: write a number from 0 to 255
}

// One template makes the images of many devices.
func ExampleParseTemplate() {
	template, err := nvsgen.ParseTemplate(nvsgen.File{Name: "template.csv", Text: []byte(`key,type,encoding,value
app,namespace,,
serial,data,string,SN-{serial}
limit,data,i32,-40
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, serial := range []string{"0001", "0002"} {
		table, err := template.Fill(func(p nvsgen.Place) (string, error) { return serial, nil })
		if err != nil {
			fmt.Println(err)
			return
		}
		image, err := table.Image(nvsgen.Options{Size: 0x6000})
		if err != nil {
			fmt.Println(err)
			return
		}
		n, err := table.Check(image, nil, nil) // as a device would read it
		fmt.Println(len(image), n, err)
	}
	// Output:
	// 24576 2 <nil>
	// 24576 2 <nil>
}
