// SPDX-License-Identifier: Apache-2.0

package plaingen

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// words spells the words of proto names that are not simply capitalised.
var words = map[string]string{
	"bssid": "BSSID",
	"ip4":   "IP4",
	"psk":   "PSK",
	"rssi":  "RSSI",
	"ssid":  "SSID",
	"wep":   "WEP",
	"wifi":  "WiFi",
	"wpa":   "WPA",
	"wpa2":  "WPA2",
	"wpa3":  "WPA3",
}

// goName turns a proto name in lower or upper snake case into a Go name:
// ip4_addr into IP4Addr, WIFI_AUTH_MODE_WPA2_PSK into WiFiAuthModeWPA2PSK.
func goName(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(strings.ToLower(name), "_") {
		if w, ok := words[word]; ok {
			b.WriteString(w)
		} else if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// doc writes a proto comment, or the fallback, as the comment of what
// follows.
func doc(g *protogen.GeneratedFile, c protogen.Comments, fallback string) {
	text := strings.TrimSpace(string(c))
	if text == "" {
		text = fallback
	}
	for line := range strings.SplitSeq(text, "\n") {
		g.P("// ", strings.TrimSpace(line))
	}
}

// member writes a declaration inside a block with its proto comment: at the
// end of the line, or above it when the comment has several lines.
func member(g *protogen.GeneratedFile, c protogen.Comments, fallback string, decl ...any) {
	text := strings.TrimSpace(string(c))
	if text == "" {
		text = fallback
	}
	if strings.Contains(text, "\n") {
		doc(g, c, fallback)
		g.P(decl...)
		return
	}
	g.P(append(decl, " // ", text)...)
}
