// SPDX-License-Identifier: Apache-2.0

//go:build linux

package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
)

var (
	right = client.Credentials{SSID: home.SSID, Passphrase: home.Passphrase}
	wrong = client.Credentials{SSID: other.SSID, Passphrase: "wrong horse"}
)

// A new box waits for a minute, is provisioned by a phone that has scanned its label, and
// keeps its network from then on.
func TestFirstBoot(t *testing.T) {
	for _, transport := range []string{config.SoftAP, config.BLE} {
		bubble(t, func(b *box) {
			t := b.t
			b.cfg.Transport = transport
			stop := b.run()
			password, err := os.ReadFile(filepath.Join(b.state, "password"))
			require.NoError(t, err)
			info, err := os.Stat(filepath.Join(b.state, "password"))
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm())
			require.Contains(t, b.console.String(), "password: "+string(password))
			b.sees()
			time.Sleep(time.Minute)
			b.sees("1m0s phones can provision the box for 10m0s, as PROV_A1B2C3 (" + transport + "), because there is no network")
			phone := b.phone()
			conn, err := phone.Provision(t.Context(), right)
			require.NoError(t, err)
			require.Equal(t, home.SSID, conn.SSID)
			require.NoError(t, phone.Close())
			time.Sleep(31 * time.Second) // what clients have to ask for the outcome
			synctest.Wait()
			b.mu.Lock()
			log := b.log.String()
			b.log.Reset()
			b.mu.Unlock()
			require.Contains(t, log, `a phone has sent credentials, and the box tries to join "HomeNet"`)
			require.Contains(t, log, "the box is provisioned, and phones cannot change that any more")
			require.NotContains(t, log, strings.TrimSpace(string(password)))
			require.NotContains(t, log, string(home.Passphrase))
			_, err = b.board.Link()
			require.NoError(t, err)
			time.Sleep(1000 * time.Hour)
			b.sees()
			stop()
			hooked := trimmed(b.hooked())
			require.Equal(t, []string{"pop wlan0 secret", "open wlan0 no-network", "credentials wlan0 HomeNet"}, hooked[:3])
			require.ElementsMatch(t, []string{"online wlan0", "joined wlan0 HomeNet"}, hooked[3:5])
			require.Equal(t, []string{"closed wlan0 yes"}, hooked[5:])
			require.Equal(t, home.SSID, b.stored())

			b.console.Reset()
			stop = b.run() // after a reboot
			time.Sleep(10 * time.Second)
			_, err = b.board.Link()
			require.NoError(t, err)
			require.Empty(t, b.console.String(), "the password is shown once")
			stop()
		})
	}
}

func trimmed(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// A phone that gives wrong credentials to a box with a network does no harm: when the
// window ends, the box is in its former network, which a reboot does not change.
func TestWrongPassphraseKeepsTheNetwork(t *testing.T) {
	for _, managed := range []bool{false, true} {
		bubble(t, func(b *box) {
			t := b.t
			b.managed = managed
			b.store(home)
			stop := b.run()
			defer stop()
			time.Sleep(10 * time.Second)
			b.sees("500ms the network is there")
			b.asks <- syscall.SIGUSR1
			time.Sleep(time.Second)
			b.sees("10s phones can provision the box for 10m0s, as PROV_A1B2C3 (softap), because a signal asked for it", "10s the network is gone")
			phone := b.phone()
			_, err := phone.Provision(t.Context(), wrong)
			require.ErrorIs(t, err, client.ErrAuth)
			require.NoError(t, phone.Close())
			time.Sleep(10*time.Minute + 30*time.Second)
			synctest.Wait()
			b.mu.Lock()
			log := b.log.String()
			released := b.released
			b.mu.Unlock()
			require.Contains(t, log, "the network could not be joined: it refused the box, usually because of a wrong passphrase")
			require.Contains(t, log, "phones cannot provision the box any more; what it had stored has not changed")
			link, err := b.board.Link()
			require.NoError(t, err)
			require.Equal(t, home.SSID, link.AP.SSID)
			require.Equal(t, managed, released > 0)
		})
	}
}

// The network is lost: the box tries to join it for five minutes, then phones can come for
// ten, and when it is back the box is in it.
func TestNetworkLost(t *testing.T) {
	bubble(t, func(b *box) {
		t := b.t
		b.store(home)
		stop := b.run()
		defer stop()
		time.Sleep(time.Hour)
		b.home.Vanish()
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		b.mu.Lock()
		require.Contains(t, b.log.String(), "the network is gone")
		require.NotContains(t, b.log.String(), "phones can")
		b.mu.Unlock()
		time.Sleep(20 * time.Second)
		require.Contains(t, b.text(), "phones can provision the box")
		b.home.Appear()
		time.Sleep(10*time.Minute + time.Minute)
		require.Contains(t, b.text(), "phones cannot provision the box any more")
		_, err := b.board.Link()
		require.NoError(t, err)
	})
}

func (b *box) text() string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

// A press opens a window, a long one resets the box and opens another.
func TestButton(t *testing.T) {
	bubble(t, func(b *box) {
		t := b.t
		b.store(home)
		b.cfg.ButtonChip = "/dev/gpiochip0"
		stop := b.run()
		press := <-b.presses
		time.Sleep(10 * time.Second)
		press.Edge(true, 0)
		press.Edge(false, time.Second)
		time.Sleep(time.Second)
		require.Contains(t, b.text(), "because the button was pressed")
		press.Edge(true, 0)
		time.Sleep(15 * time.Second)
		require.Contains(t, b.text(), "the box was reset, and has forgotten its network")
		require.Contains(t, b.text(), "because the box was reset")
		stop()
		require.Empty(t, b.stored())
	})
}

// A daemon that is killed while a phone tries other credentials leaves the former ones
// stored, and the next daemon joins that network.
func TestKilled(t *testing.T) {
	bubble(t, func(b *box) {
		t := b.t
		b.store(home)
		stop := b.run()
		time.Sleep(10 * time.Second)
		b.asks <- syscall.SIGUSR1
		time.Sleep(time.Second)
		phone := b.phone()
		require.NoError(t, phone.Connect(t.Context()))
		require.NoError(t, phone.Configure(t.Context(), wrong))
		require.NoError(t, phone.Apply(t.Context()))
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, home.SSID, b.stored()) // the power goes
		_ = phone.Close()
		stop()
		stop = b.run()
		time.Sleep(10 * time.Second)
		link, err := b.board.Link()
		require.NoError(t, err)
		require.Equal(t, home.SSID, link.AP.SSID)
		stop()
	})
}

// Two daemons do not run at the same time.
func TestTwo(t *testing.T) {
	bubble(t, func(b *box) {
		t := b.t
		stop := b.run()
		defer stop()
		require.ErrorContains(t, b.try(), "another wifiprovd runs")
	})
}
