// SPDX-License-Identifier: Apache-2.0

package label_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/label"
	"github.com/wifiprov/wifiprov/hal"
)

var full = label.Label{
	Name: "PROV_1", Username: "wifiprov", PoP: "abcd1234", Transport: label.SoftAP,
	Security: client.Security2, Password: "key45678", Network: label.WiFi,
}

func TestParse(t *testing.T) {
	for text, want := range map[string]label.Label{
		// what ESP-IDF's examples print, v4.4 and v5
		`{"ver":"v1","name":"PROV_1","pop":"abcd1234","transport":"ble"}`:                       {Name: "PROV_1", PoP: "abcd1234", Transport: label.BLE},
		`{"ver":"v1","name":"PROV_1","transport":"softap"}`:                                     {Name: "PROV_1", Transport: label.SoftAP},
		`{"ver":"v1","name":"PROV_1","transport":"ble","network":"wifi"}`:                       {Name: "PROV_1", Transport: label.BLE, Network: label.WiFi},
		`{"ver":"v1","name":"PROV_1","username":"wifiprov","pop":"abcd1234","transport":"ble"}`: {Name: "PROV_1", Username: "wifiprov", PoP: "abcd1234", Transport: label.BLE},

		`{"ver":"v1","name":"PROV_1","username":"wifiprov","pop":"abcd1234","transport":"softap","security":2,"password":"key45678","network":"wifi"}`: full,

		"\ufeff \r\n{ \"transport\" : \"SoftAP\",\n\"name\":\"P\",\"NAME\":\"no\",\"x\":[{}],\"ver\":2,\"network\":\"Thread\",\"security\":0 }\n": {
			Name: "P", Transport: label.SoftAP, Security: client.Security0, Network: label.Thread,
		},
		`{"name":"P","transport":"ble","security":null,"pop":null}`: {Name: "P", Transport: label.BLE},
		`{"name":"\u0041\"","transport":"ble","security":1}`:        {Name: `A"`, Transport: label.BLE, Security: client.Security1},
		"NP:PROV_1|abcd1234|b": {Name: "PROV_1", Username: "wifiprov", PoP: "abcd1234", Transport: label.BLE},
		" NP:PROV_1||s\n":      {Name: "PROV_1", Username: "wifiprov", Transport: label.SoftAP},

		`https://espressif.github.io/esp-jumpstart/qrcode.html?data={"ver":"v1","name":"PROV_1","pop":"a&b%#+=","transport":"ble"}`:     {Name: "PROV_1", PoP: "a&b%#+=", Transport: label.BLE},
		`https://espressif.github.io/esp-jumpstart/qrcode.html?data={%22name%22:%22P%201+%22,%22transport%22:%22ble%22}&x=1#top`:        {Name: "P 1+", Transport: label.BLE},
		`http://example.com/?a=b&data=%7B%22name%22%3A%22P%22%2C%22transport%22%3A%22ble%22%2C%22pop%22%3A%22%26%C3%A9%22%7D`:           {Name: "P", PoP: "&é", Transport: label.BLE},
		`https://rainmaker.espressif.com/qrcode.html?data=NP:PROV_1|abcd1234|b`:                                                         {Name: "PROV_1", Username: "wifiprov", PoP: "abcd1234", Transport: label.BLE},
		`https://example.com/?data=%20` + `{%22name%22:%22` + strings.Repeat("%41", 32) + `%22,%22transport%22:%22` + `ble%22}` + `%0A`: {Name: strings.Repeat("A", 32), Transport: label.BLE},
	} {
		got, err := label.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseErrors(t *testing.T) {
	const pop = "s3cr3t"
	for text, want := range map[string]string{
		"":                                   "the text is no device's: it begins neither with { nor with NP:",
		pop:                                  "the text is no device's: it begins neither with { nor with NP:",
		"[1]":                                "the text is no device's: it begins neither with { nor with NP:",
		"{\xff}":                             "the text is not UTF-8",
		`{"name":"P","pop":s3cr3t}`:          "the JSON is wrong at byte 19 of 25",
		`{"name":"P","pop":"s3cr3t"`:         "the JSON is wrong at byte 26 of 26",
		`{"pop":"s3cr3t","transport":"ble"}`: "name is missing or empty: give the name of the device",
		`{"name":"","transport":"ble"}`:      "name is missing or empty: give the name of the device",
		`{"name":"` + strings.Repeat("n", 33) + `"}`: "name has 33 bytes, and at most 32 are allowed",
		`{"name":7}`:                                                "name is not a text in quotes",
		`{"name":"P","pop":73}`:                                     "pop is not a text in quotes",
		`{"name":"P","pop":"s3cr3t"}`:                               "transport is missing: it is softap or ble",
		`{"name":"P","transport":"s3cr3t"}`:                         "transport is neither softap nor ble",
		`{"name":"P","transport":"ble","security":3}`:               "security is not the number 0, 1 or 2",
		`{"name":"P","transport":"ble","security":-1}`:              "security is not the number 0, 1 or 2",
		`{"name":"P","transport":"ble","security":"s3cr3t"}`:        "security is not the number 0, 1 or 2",
		`{"name":"P","transport":"ble","network":"zigbee"}`:         "network is neither wifi nor thread",
		`{"name":"P","transport":"ble","password":"` + pop11 + `"}`: "password has 66 bytes, and at most 63 are allowed, or a key of 64 hexadecimal digits",
		"NP:P|s3cr3t":                        "there are 2 fields behind NP: instead of 3: a name, a pop and b or s, with | between them",
		"NP:P|s3|cr3t|b":                     "there are 4 fields behind NP: instead of 3: a name, a pop and b or s, with | between them",
		"NP:P|b|s3cr3t":                      "the last field, the transport, is neither b nor s",
		"NP:|s3cr3t|b":                       "name is missing or empty: give the name of the device",
		"https://example.com/s3cr3t":         "the address of a page has no data=, behind which the text is",
		"https://example.com/?xdata=s3cr3t":  "the address of a page has no data=, behind which the text is",
		"https://example.com/?data=s3cr3t%x": "the address of a page has a % behind data= that no two hexadecimal digits follow",
		`{"name":"P","pop":"` + strings.Repeat("x", label.MaxText):   "the text has 2972 bytes, and a QR code has room for 2953",
		`{"name":"P","pop":"` + strings.Repeat("x", 5*label.MaxText): "the text has 14784 bytes, and a QR code has room for 2953",
	} {
		_, err := label.Parse(text)
		require.EqualError(t, err, "label: "+want, text)
		require.NotContains(t, err.Error(), pop)
	}
}

var pop11 = strings.Repeat("s3cr3t", 11)

func TestWrite(t *testing.T) {
	text, err := full.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"ver":"v1","name":"PROV_1","username":"wifiprov","pop":"abcd1234","transport":"softap","security":2,"password":"key45678","network":"wifi"}`, text)
	small := label.Label{Name: `a"<b>`, Transport: label.BLE, Security: client.Security0}
	text, err = small.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"ver":"v1","name":"a\"<b>","transport":"ble","security":0}`, text)

	l := full
	l.Password, l.Transport = "", label.BLE
	text, err = l.Compact()
	require.NoError(t, err)
	require.Equal(t, "NP:PROV_1|abcd1234|b", text)
	text, err = (&label.Label{Name: "P", Transport: label.SoftAP}).Compact()
	require.NoError(t, err)
	require.Equal(t, "NP:P||s", text)
}

func TestWriteErrors(t *testing.T) {
	for want, change := range map[string]func(*label.Label){
		"name is missing or empty: give the name of the device": func(l *label.Label) { l.Name = "" },
		"pop is not UTF-8":                                         func(l *label.Label) { l.PoP = "\xff" },
		"transport is neither softap nor ble":                      func(l *label.Label) { l.Transport = "BLE" },
		"security is neither 0 nor 1 nor 2":                        func(l *label.Label) { l.Security = 9 },
		"network is neither wifi nor thread":                       func(l *label.Label) { l.Network = "x" },
		"the text has 3082 bytes, and a QR code has room for 2953": func(l *label.Label) { l.PoP = hidden(2950) },
	} {
		l := full
		change(&l)
		_, err := l.JSON()
		require.EqualError(t, err, "label: "+want)
	}
	for want, change := range map[string]func(*label.Label){
		"name is missing or empty: give the name of the device":                        func(l *label.Label) { l.Name = "" },
		"name has a |, which cannot be said in the compact form":                       func(l *label.Label) { l.Name = "a|b" },
		"pop has a |, which cannot be said in the compact form":                        func(l *label.Label) { l.PoP = "a|b" },
		"username is not wifiprov, and another one cannot be said in the compact form": func(l *label.Label) { l.Username = "me" },
		"security 0 cannot be said in the compact form":                                func(l *label.Label) { l.Security = client.Security0 },
		"password cannot be said in the compact form":                                  func(l *label.Label) { l.Password = "key45678" },
		"network thread cannot be said in the compact form":                            func(l *label.Label) { l.Network = label.Thread },
		"the text has 2962 bytes, and a QR code has room for 2953":                     func(l *label.Label) { l.PoP = hidden(2950) },
	} {
		l := full
		l.Password = ""
		change(&l)
		_, err := l.Compact()
		require.EqualError(t, err, "label: "+want)
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		l    label.Label
		want client.Config
	}{
		{label.Label{PoP: "p"}, client.Config{PoP: "p"}},
		{label.Label{PoP: "p", Username: "u"}, client.Config{PoP: "p", Username: "u", Password: "p"}},
		{label.Label{PoP: "p", Username: "u", Security: client.Security0}, client.Config{Security: client.Security0}},
		{label.Label{PoP: "p", Username: "u", Security: client.Security1}, client.Config{Security: client.Security1, PoP: "p"}},
		{label.Label{PoP: "p", Username: "u", Security: client.Security2}, client.Config{Security: client.Security2, Username: "u", Password: "p"}},
	} {
		cfg := client.Config{PoP: "old", Username: "old", Password: "old", FailurePolls: 3}
		c.want.FailurePolls = 3
		c.l.Fill(&cfg)
		require.Equal(t, c.want, cfg)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	l := full
	b, err := json.Marshal(l)
	require.NoError(t, err)
	text := string(b)
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "d"} {
		text += fmt.Sprintf("%"+verb+" %"+verb, l, &l)
	}
	for _, secret := range []string{"abcd1234", "key45678", fmt.Sprintf("%x", "abcd1234")} {
		require.NotContains(t, text, secret)
	}
}

// What Parse accepts, both writers write so that Parse reads the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"ver":"v1","name":"PROV_1","username":"u","pop":"abcd1234","transport":"softap","security":2,"password":"key45678","network":"wifi"}`,
		`{"name":"\ud800\u2028","transport":"BLE","security":0,"network":"thread"}`, "NP:PROV_1|abcd1234|b", "NP:|b",
		`https://example.com/?data={%22name%22:%22P%22,%22transport%22:%22ble%22}`, `http://x?data={"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := label.Parse(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		for _, write := range []func() (string, error){l.JSON, l.Compact} {
			if written, err := write(); err == nil {
				back, err := label.Parse(written)
				require.NoError(t, err, written)
				want := l
				if strings.HasPrefix(written, "NP:") { // says less
					want.Username, want.Security, want.Network = "wifiprov", client.SecurityAuto, ""
				}
				require.Equal(t, want, back)
			}
		}
	})
}

func hidden(n int) hal.Secret { return hal.Secret(strings.Repeat("x", n)) }
