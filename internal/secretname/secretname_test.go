// SPDX-License-Identifier: Apache-2.0

package secretname

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIs(t *testing.T) {
	for _, key := range []string{
		"sta.pswd", "ap.passwd", "sta.pmk", "ap.pmk", "ap.pmk_info", "sta.apinfo", "password", "WiFiPass",
		"psk", "api_key", "apiKey", "privkey", "client_secret", "token", "pop", "my_pop2", "pin", "user.pw",
		"key", "Key1", "keys", "APIKey", "APIKEY", "apikey", "wifikey", "aes-key", "key_v2", "keyA", "netKEY", "sshkeys",
		"monkey_key", "keyboardKey", "bypass_password", "popCode", "devPin", "ap.passwd_", "passkey", "donkeypass", "keypair", "KeyData", "BLEPin",
	} {
		require.True(t, Is(key), key)
	}
	for _, key := range []string{
		"sta.ssid", "ap.ssid", "opmode", "sta.apsw", "serial", "cert", "country", "population", "spin", "", "sta.authmode",
		"monkey", "monkeyCount", "MonkeyBars", "keyboard", "keypad_type", "keyframe", "turkey", "hockey", "Keyless", "hotkeys",
		"compass", "bypass.en", "passive_scan", "whiskey2", "popular", "topPing", "keynote", "MONKEY",
	} {
		require.False(t, Is(key), key)
	}
}
