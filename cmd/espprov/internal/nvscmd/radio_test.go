// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/test/provtest"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// What a device with hal/tinygo was given is in its flash
// image, under the names of ESP-IDF's driver.
func TestRadioFlashIsDumped(t *testing.T) {
	t.Chdir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		d := provtest.NewRadio(t)
		defer d.Close()
		cfg := hal.StationConfig{SSID: provtest.Home.SSID, Passphrase: provtest.Home.Passphrase}
		require.NoError(t, d.WiFi.SetStationConfig(cfg))
		image := make([]byte, d.Flash.Size())
		_, err := d.Flash.ReadAt(image, 0)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("nvs.bin", image, 0o600))
	})
	list := must(t, "nvs", "dump", "--namespace", "nvs.net80211", "--show-secrets", "nvs.bin")
	for _, want := range []string{"sta.ssid", "HomeNet", "sta.pswd", "secretpass", "opmode"} {
		require.Contains(t, list, want)
	}
	must(t, "nvs", "check", "nvs.bin")
}

// A device boots on an image that espprov made, is provisioned, and joins.
func TestRadioBootsOnCreatedFlash(t *testing.T) {
	t.Chdir(t.TempDir())
	ssid := append([]byte{7, 0, 0, 0}, "HomeNet"...)
	ssid = append(ssid, make([]byte, 36-len(ssid))...)
	pass := append([]byte("secretpass"), make([]byte, 55)...)
	csv := strings.Join([]string{
		"key,type,encoding,value", "nvs.net80211,namespace,,", "opmode,data,u8,1",
		"sta.ssid,data,hex2bin," + hex.EncodeToString(ssid), "sta.pswd,data,hex2bin," + hex.EncodeToString(pass), "",
	}, "\n")
	require.NoError(t, os.WriteFile("factory.csv", []byte(csv), 0o600))
	must(t, "nvs", "create", "factory.csv", "nvs.bin", "0x6000")
	image, err := os.ReadFile("nvs.bin")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		d := provtest.NewRadio(t)
		defer d.Close()
		d.Flash = flash.FromBytes(image)
		require.NoError(t, d.Reboot())
		stored, err := d.WiFi.StationConfig()
		require.NoError(t, err)
		require.NotEmpty(t, stored.SSID)
		require.NoError(t, d.WiFi.Start())
		require.NoError(t, d.WiFi.Connect())
		time.Sleep(time.Second)
		require.Equal(t, 1, d.Home.Stations())
	})
}
