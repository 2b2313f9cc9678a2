// SPDX-License-Identifier: Apache-2.0

package transcriptcmd

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/test/scripts"
	"github.com/wifiprov/wifiprov/internal/transcript"
	"github.com/wifiprov/wifiprov/protocomm"
)

var again = flag.Bool("record", false, "record testdata/recordings anew")

// commands are the program of the scripts.
type commands struct {
	Decode Decode `cmd:"" help:"explain"`
	Replay Replay `cmd:"" help:"play"`
}

func TestMain(m *testing.M) {
	scripts.Main(m, map[string]func(){"espprov": func() {
		s := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(cli.Run(context.Background(), "espprov", "", new(commands), os.Args[1:], s))
	}})
}

// TestScripts runs testdata/script. The scripts find the recordings of testdata in their
// folder. "device SECURITY POP VERSION" starts a device, whose address is $DEVICE.
// go test ./cmd/espprov/internal/transcriptcmd -rewrite writes their outputs anew.
func TestScripts(t *testing.T) {
	if *again {
		record(t)
	}
	scripts.Run(t, scripts.Commands{"device": startDevice}, func(e *testscript.Env) error {
		return os.CopyFS(e.WorkDir, os.DirFS("testdata/recordings"))
	})
}

// TestDocs runs the commands of docs/transcripts.md whose output it shows, and compares.
// A line "…" in the page stands for any lines. At 192.168.4.1 is a device.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/transcripts.md")
	require.NoError(t, err)
	t.Chdir("testdata/recordings")
	cfg := lamp(protect(1, simdevice.DefaultPoP), "2.0")
	cfg.Listen = simnet.Loopback
	device, err := simdevice.Start(cfg)
	require.NoError(t, err)
	defer device.Close()
	_, err = device.Await(t.Context(), simdevice.Named("PROV_START"))
	require.NoError(t, err)
	found := 0
	for _, block := range regexp.MustCompile("(?ms)^```console\n\\$ espprov ([^\n|]+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		args := strings.Fields(strings.ReplaceAll(block[1], "192.168.4.1", device.Addr().String()))
		var out, errs strings.Builder
		cli.Run(t.Context(), "espprov", "", new(commands), args, cli.Streams{Out: &out, Err: &errs})
		require.Empty(t, errs.String(), block[1])
		want := strings.ReplaceAll(regexp.QuoteMeta(block[2]), "…\n", "(?:.*\n)*")
		require.Regexp(t, "^"+want+"$", out.String())
		found++
	}
	require.Equal(t, 3, found)
}

// lamp is the device of the recordings.
func lamp(s simdevice.Security, version string) simdevice.Config {
	return simdevice.Config{
		Name: "PROV_LAMP", Security: s, AppInfo: []simdevice.AppInfo{{Label: "lamp", Version: version, Capabilities: []string{"dimmer"}}},
		Endpoints: []simdevice.Endpoint{{Name: "custom-data", Handler: func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return append([]byte("got "), req...), nil
		}}},
	}
}

// protect returns a security with its number.
func protect(mode int, pop hal.Secret) simdevice.Security {
	return []simdevice.Security{simdevice.Security0(), simdevice.Security1(pop), simdevice.Security2(simdevice.DefaultUsername, pop)}[mode]
}

// startDevice starts a device on the loopback interface.
func startDevice(ts *testscript.TestScript, _ bool, args []string) {
	mode, err := strconv.Atoi(args[0])
	ts.Check(err)
	cfg := lamp(protect(mode, hal.Secret(args[1])), args[2])
	cfg.Listen = simnet.Loopback
	cfg.Air = sim.NewAir(sim.AirConfig{TimeScale: 20})
	_, err = cfg.Air.AddAP(simdevice.Home)
	ts.Check(err)
	device, err := simdevice.Start(cfg)
	ts.Check(err)
	ts.Defer(func() { device.Close() })
	_, err = device.Await(context.Background(), simdevice.Named("PROV_START"))
	ts.Check(err)
	ts.Setenv("DEVICE", device.Addr().String())
}

// record records the conversations of testdata/recordings.
func record(t *testing.T) {
	dir := "testdata/recordings"
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for i, name := range []string{"sec0", "sec1", "sec2"} {
		talk(t, filepath.Join(dir, name+".jsonl"), i, false, simdevice.DefaultPoP)
		talk(t, filepath.Join(dir, name+"-secrets.jsonl"), i, true, simdevice.DefaultPoP)
	}
	talk(t, filepath.Join(dir, "wrong-pop.jsonl"), 1, true, "wrong")
}

// talk records one conversation: a scan, a request to the application, and credentials,
// which the device is never told to use.
func talk(t *testing.T, path string, mode int, secrets bool, pop hal.Secret) {
	synctest.Test(t, func(t *testing.T) {
		device, err := simdevice.Start(lamp(protect(mode, simdevice.DefaultPoP), "1.0"))
		require.NoError(t, err)
		defer device.Close()
		transport, err := device.Dial()
		require.NoError(t, err)
		r, err := transcript.Create(path, transcript.Header{Tool: "espprov v1.0.0", Transport: "softap", Device: "PROV_LAMP", Security: &mode, Secrets: secrets})
		require.NoError(t, err)
		cfg := client.Config{Security: client.Security0 + client.Security(mode), PoP: pop}
		if mode == 2 {
			cfg.Username, cfg.Password = simdevice.DefaultUsername, pop
		}
		c, err := client.New(r.Transport(transport), r.Client(cfg))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Version(t.Context())
		require.NoError(t, err)
		if err := c.Connect(t.Context()); pop != simdevice.DefaultPoP {
			require.ErrorIs(t, err, client.ErrPoP)
		} else {
			require.NoError(t, err)
			_, err = c.Scan(t.Context(), client.ScanOptions{})
			require.NoError(t, err)
			_, err = c.Custom(t.Context(), "custom-data", []byte("hello"))
			require.NoError(t, err)
			require.NoError(t, c.Configure(t.Context(), simdevice.Right))
		}
		require.NoError(t, r.Close())
	})
}
