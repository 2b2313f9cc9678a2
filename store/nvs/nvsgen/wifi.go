// SPDX-License-Identifier: Apache-2.0

package nvsgen

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"slices"

	"github.com/wifiprov/wifiprov/store"
)

// wifiNamespace is the Wi-Fi driver's.
const wifiNamespace = "nvs.net80211"

// addWiFi adds the keys that the original adds to Wi-Fi credentials (wifi-nvs.md 4): blank
// sta.apinfo, sta.pmk and sta.apsw behind the first of sta.ssid and sta.pswd; the key
// derived from ap.ssid and ap.passwd behind the second of these. Keys that are in the
// file stay.
func addWiFi(t *table) error {
	space := slices.Index(t.namespaces, wifiNamespace)
	if space < 0 {
		return nil
	}
	own := map[string]bool{}
	for _, r := range t.rows {
		if r.namespace == space {
			own[r.key] = true
		}
	}
	var rows []row
	var ssid, password []byte
	add := func(r row, key string, data []byte) {
		if !own[key] {
			own[key] = true
			rows = append(rows, row{namespace: space, key: key, typ: store.TypeBlob, data: data, origin: r.origin})
		}
	}
	for _, r := range t.rows {
		rows = append(rows, r)
		if r.namespace != space || r.typ != store.TypeBlob {
			continue
		}
		switch r.key {
		case "sta.ssid", "sta.pswd":
			add(r, "sta.apinfo", bytes.Repeat([]byte{0xff}, 140))
			add(r, "sta.pmk", make([]byte, 32))
			add(r, "sta.apsw", make([]byte, 2))
			continue
		case "ap.ssid":
			ssid = ssidOf(r.data)
		case "ap.passwd":
			password, _, _ = bytes.Cut(r.data, []byte{0})
		}
		if len(ssid) > 0 && len(password) > 0 {
			pmk, err := pbkdf2.Key(sha1.New, string(password), ssid, 4096, 32)
			if err != nil {
				return err
			}
			add(r, "ap.pmk_info", append(make([]byte, 100), pmk...))
		}
	}
	t.rows = rows
	return nil
}

// ssidOf returns the SSID in the driver's form, nil if none is set.
func ssidOf(blob []byte) []byte {
	if len(blob) < 4 {
		return nil
	}
	n := binary.LittleEndian.Uint32(blob)
	if n > 32 || int(n) > len(blob)-4 {
		return nil
	}
	return blob[4 : 4+n]
}
