// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/fleet/scenario"
)

const examples = "../../../examples/scenarios/"

// expectation begins a line of a file that says what a client sees.
const expectation = "# expect: "

// What a client sees of each scenario in examples/scenarios is written in its file.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob(examples + "*.yaml")
	require.NoError(t, err)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			old, err := os.ReadFile(path)
			require.NoError(t, err)
			head, body, _ := strings.Cut(string(old), "\n\n")
			head, _, _ = strings.Cut(head+"\n", "#\n"+expectation)
			head = strings.TrimSuffix(head, "\n") + "\n#\n"
			var lines []string
			synctest.Test(t, func(t *testing.T) { lines = watch(t, path) })
			for _, line := range lines {
				head += expectation + line + "\n"
			}
			golden(t, path, string(old), head+"\n"+body)
		})
	}
}

// Each kind of fault has a scenario.
func TestEachFaultHasAnExample(t *testing.T) {
	for _, kind := range simdevice.FaultKinds() {
		text, err := os.ReadFile(examples + string(kind) + ".yaml")
		require.NoError(t, err)
		require.Contains(t, string(text), "kind: "+string(kind))
		require.Contains(t, string(text), "device: FAULT "+string(kind), "the fault does not happen")
	}
}

// watcher notes what happens, and when.
type watcher struct {
	start time.Time

	mu    sync.Mutex
	lines []string
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := time.Since(w.start).Round(10 * time.Millisecond)
	w.lines = append(w.lines, fmt.Sprintf("%-8s %s", at, fmt.Sprintf(format, args...)))
}

// watch runs a scenario, in which a client connects to the first device, uses its own
// endpoints, looks for networks, and sends the credentials of the scenario's first
// network. If that fails, another client tries again a minute later.
func watch(t *testing.T, path string) []string {
	file, err := scenario.ReadFile(path)
	require.NoError(t, err)
	s, err := file.Compile(scenario.Options{})
	require.NoError(t, err)
	f, err := s.Fleet()
	require.NoError(t, err)
	defer f.Close()
	w, device := &watcher{start: time.Now()}, f.Devices()[0]
	defer f.Subscribe(func(e fleet.Event) {
		if e.Device == device.Name() && (e.Name() == "FAULT" || e.Name() == "ERROR") {
			w.note("device: %s", e.Event)
		}
	})()
	require.NoError(t, f.Start())
	for range 2 {
		synctest.Wait()
		if w.provision(t, device, &s.Config) {
			break
		}
		time.Sleep(time.Minute)
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	link, err := device.Board().Link()
	switch {
	case err == nil:
		w.note("device: has the address %s", link.IP)
	case device.Provisioned():
		w.note("device: has credentials and no address")
	default:
		w.note("device: waits for credentials")
	}
	return w.lines
}

// provision reports whether a client provisions the device.
func (w *watcher) provision(t *testing.T, device *simdevice.Device, cfg *fleet.Config) bool {
	c, err := device.Client(client.Config{PollInterval: time.Second})
	require.NoError(t, err)
	defer c.Close()
	if err := c.Connect(t.Context()); err != nil {
		w.note("connect: %v", err)
		return false
	}
	w.note("connect: done")
	for range 3 {
		for _, endpoint := range cfg.Devices[0].Endpoints {
			answer, err := c.Custom(t.Context(), endpoint.Name, []byte("are you there?"))
			if err != nil {
				w.note("%s: %v", endpoint.Name, err)
				require.NoError(t, c.Connect(t.Context()))
				continue
			}
			w.note("%s: %s", endpoint.Name, answer)
		}
	}
	networks, err := c.Scan(t.Context(), client.ScanOptions{})
	if err != nil {
		w.note("scan: %v", err)
		return false
	}
	if len(networks) > 3 {
		w.note("scan: %d networks", len(networks))
		networks = nil
	}
	for _, network := range networks {
		w.note("scan: %s", network)
	}
	network := cfg.Networks[0]
	connection, err := c.Provision(t.Context(), client.Credentials{SSID: network.SSID, Passphrase: network.Passphrase})
	if err == nil {
		w.note("provision: the device has the address %s", connection.IP)
		return true
	}
	w.note("provision: %v", err)
	if errors.Is(err, client.ErrConnectionFailed) {
		err := c.Reset(t.Context())
		require.NoError(t, err)
	}
	return false
}
