// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nl80211_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/internal/nl80211"
)

var phy radio.Phy = nl80211.Phy{}

// Errors tell an interface that is not there from one without Wi-Fi.
func TestNoWiFi(t *testing.T) {
	for _, c := range []struct{ iface, want string }{
		{"nosuch0", `"nosuch0"`},
		{"lo", "lo"},
	} {
		for name, err := range map[string]error{
			"Beside":   second(phy.Beside(c.iface)),
			"Channels": second(phy.Channels(c.iface)),
			"Channel":  second(phy.Channel(c.iface)),
			"AddAP":    phy.AddAP(c.iface, "uap0"),
		} {
			require.ErrorContains(t, err, "nl80211: ", name)
			require.ErrorContains(t, err, c.want, name)
			require.Regexp(t, "not found|is not a Wi-Fi interface|kernel has no Wi-Fi", err.Error(), name)
		}
	}
	require.NoError(t, phy.RemoveAP("nosuch0"))
	require.NoError(t, phy.RemoveAP("lo"), "what AddAP did not make stays")
}

func second[T any](_ T, err error) error { return err }

// With a real radio, or a virtual one of mac80211_hwsim. WIFIPROV_WLAN names a
// station's interface on which nobody depends.
func TestRadio(t *testing.T) {
	wlan := os.Getenv("WIFIPROV_WLAN")
	if wlan == "" {
		t.Skip("no Wi-Fi: set WIFIPROV_WLAN to the name of an interface that the test may use")
	}
	beside, err := phy.Beside(wlan)
	require.NoError(t, err)
	channels, err := phy.Channels(wlan)
	require.NoError(t, err)
	channel, err := phy.Channel(wlan)
	require.NoError(t, err)
	t.Logf("beside: %d, channels %v, on %d", beside, channels, channel)
	require.Contains(t, channels, uint8(1))

	defer phy.RemoveAP("uapt0")
	require.NoError(t, phy.AddAP(wlan, "uapt0"))
	require.NoError(t, phy.AddAP(wlan, "uapt0"), "one that is there is used")
	require.NotEqual(t, address(t, wlan), address(t, "uapt0"))
	require.NoError(t, phy.RemoveAP(wlan), "what AddAP did not make stays")
	address(t, wlan)
	require.NoError(t, phy.RemoveAP("uapt0"))
	require.NoError(t, phy.RemoveAP("uapt0"))
	require.NoDirExists(t, "/sys/class/net/uapt0")
	require.Error(t, phy.AddAP(wlan, wlan))

	require.NoError(t, phy.AddAP(wlan, "uapt0"))
	t.Log("uapt0 is", address(t, "uapt0"), "beside", address(t, wlan))
	require.NoError(t, phy.RemoveAP("uapt0"))
	err = unprivileged(func() error { return phy.AddAP(wlan, "uapt0") })
	require.ErrorIs(t, err, unix.EPERM)
	require.ErrorContains(t, err, "CAP_NET_ADMIN")
}

// unprivileged runs fn on a thread without capabilities, which ends with it.
func unprivileged(fn func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		var none [2]unix.CapUserData
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		if err := unix.Capset(&header, &none[0]); err != nil {
			done <- err
			return
		}
		done <- fn()
	}()
	return <-done
}

func address(t *testing.T, iface string) string {
	t.Helper()
	b, err := os.ReadFile("/sys/class/net/" + iface + "/address")
	require.NoError(t, err)
	return strings.TrimSpace(string(b))
}
