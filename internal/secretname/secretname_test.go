package secretname

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIs(t *testing.T) {
	for _, key := range []string{
		"sta.pswd", "ap.passwd", "sta.pmk", "ap.pmk", "ap.pmk_info", "sta.apinfo", "password", "WiFiPass",
		"psk", "api_key", "apiKey", "privkey", "client_secret", "token", "pop", "my_pop2", "pin", "user.pw",
	} {
		require.True(t, Is(key), key)
	}
	for _, key := range []string{
		"sta.ssid", "ap.ssid", "opmode", "sta.apsw", "serial", "cert", "country", "population", "spin", "", "sta.authmode",
	} {
		require.False(t, Is(key), key)
	}
}
