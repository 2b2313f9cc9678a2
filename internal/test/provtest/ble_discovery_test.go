// SPDX-License-Identifier: Apache-2.0

package provtest

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
	"github.com/wifiprov/wifiprov/hal/sim"
)

var rewrite = flag.Bool("rewrite", false, "write the answers of testdata/discovery anew")

// What phones ask after they have connected, packet by packet, with MTU 23 and
// 517: the files of testdata/discovery. Lines with > are from the phone, those
// with < are the device's answers, all in hexadecimal; the rest are comments.
func TestDiscoverySequences(t *testing.T) {
	files, err := filepath.Glob("testdata/discovery/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			script, err := os.ReadFile(file)
			require.NoError(t, err)
			mtu := 517
			if strings.HasSuffix(file, "-23.txt") {
				mtu = 23
			}
			bleBubble(t, att.Config{MTU: mtu}, func(t *testing.T, d *BLEDevice) {
				got := replay(t, d, string(script))
				if *rewrite {
					require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
					return
				}
				require.Equal(t, string(script), got)
			})
		})
	}
}

// replay sends the requests of a script and returns it with the device's
// answers.
func replay(t *testing.T, d *BLEDevice, script string) string {
	link, wire := rawPhone(t, d)
	var out strings.Builder
	for line := range strings.Lines(script) {
		request, is := strings.CutPrefix(strings.TrimSpace(line), "> ")
		if !is {
			if !strings.HasPrefix(line, "< ") {
				out.WriteString(line)
			}
			continue
		}
		pdu, err := hex.DecodeString(strings.ReplaceAll(request, " ", ""))
		require.NoError(t, err, line)
		out.WriteString(line)
		_, _ = link.Request(t.Context(), pdu...) // refusals are answers, too
		for _, answer := range wire.taken() {
			if answer, is := strings.CutPrefix(answer, "< "); is {
				fmt.Fprintf(&out, "< %s\n", spaced(answer))
			}
		}
	}
	require.NoError(t, link.Close())
	return out.String()
}

// spaced sets a PDU's opcode apart, and what follows in groups of 16 bytes.
func spaced(pdu string) string {
	out := pdu[:2]
	for rest := pdu[2:]; rest != ""; {
		n := min(32, len(rest))
		out, rest = out+" "+rest[:n], rest[n:]
	}
	return out
}

// rawPhone connects to the device, which has all standard endpoints; the link's
// requests are the test's own.
func rawPhone(t *testing.T, d *BLEDevice) (*blecentral.Link, *tap) {
	cfg := d.Config()
	cfg.StatusEndpoint = true
	require.NoError(t, d.Manager.Init(cfg))
	d.StartOnly(true)
	controller, err := d.Air.NewController(sim.ControllerConfig{})
	require.NoError(t, err)
	wire := &tap{t: controller}
	central, err := blecentral.New(wire, blecentral.Config{MTU: att.MinMTU})
	require.NoError(t, err)
	var device client.Advertisement
	require.NoError(t, central.Scan(t.Context(), func(a client.Advertisement) bool {
		device = a
		return a.Name != "PROV_TEST"
	}))
	link, err := central.Connect(t.Context(), device)
	require.NoError(t, err)
	require.Empty(t, wire.taken())
	return link.(*blecentral.Link), wire
}

// What the scripts find is what is there: services, characteristics with their
// values' handles, and names.
func TestDiscoveryIsComplete(t *testing.T) {
	for _, mtu := range []int{23, 517} {
		bleBubble(t, att.Config{MTU: mtu}, func(t *testing.T, d *BLEDevice) {
			link, _ := rawPhone(t, d)
			list, err := link.Discover(t.Context(), ble.UUID{})
			require.NoError(t, err)
			var names []string
			for _, c := range list {
				names = append(names, fmt.Sprintf("%d %s %s", c.Handle, c.UUID, c.Name))
			}
			require.Equal(t, []string{
				"9 1775ff4f-6b43-439b-877c-060f2d9bed07 prov-ctrl",
				"12 1775ff50-6b43-439b-877c-060f2d9bed07 prov-scan",
				"15 1775ff51-6b43-439b-877c-060f2d9bed07 prov-session",
				"18 1775ff52-6b43-439b-877c-060f2d9bed07 prov-config",
				"21 1775ff53-6b43-439b-877c-060f2d9bed07 proto-ver",
				"24 1775ff4e-6b43-439b-877c-060f2d9bed07 prov-status",
			}, names)
			require.NoError(t, link.Close())
		})
	}
}
