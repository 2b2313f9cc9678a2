// SPDX-License-Identifier: Apache-2.0

package ram

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

// stackSize is that of a goroutine on a chip.
const stackSize = 8 << 10

// report is what the device tells.
type report struct {
	Heap                       map[string]int
	Goroutines, Started, Depth int
}

// heap returns the sum.
func (r report) heap() (sum int) {
	for _, n := range r.Heap {
		sum += n
	}
	return sum
}

// A device with BLE that runs in a loop is provisioned within these bounds: heap, the one
// stack, variables. What lies on the stack counts twice, since TinyGo puts objects of more
// than 256 bytes on the heap.
func TestProvisioning(t *testing.T) {
	long.Only(t) // it builds a program for another platform
	t.Parallel()
	device := build(t)
	static := variables(t, device)
	for _, tt := range []struct{ security, limit int }{{1, 28 << 10}, {2, 36 << 10}} {
		t.Run(fmt.Sprint("security ", tt.security), func(t *testing.T) {
			t.Parallel()
			r := provision(t, device, tt.security, "loop")
			sum := r.heap() + stackSize + r.Depth + static
			t.Logf("%d bytes: heap %d, stack %d, what TinyGo moves from it to the heap %d at most, variables %d\n%s",
				sum, r.heap(), stackSize, r.Depth, static, r.table())
			require.LessOrEqual(t, sum, tt.limit)
			require.Less(t, r.Depth, stackSize-1<<10)
			require.LessOrEqual(t, r.Started, 0, "the device has started goroutines")
			require.Greater(t, r.heap(), 4<<10, "nothing was measured")
		})
	}
}

// Without a loop the heap is no larger, but every request and every timer has a stack of
// its own meanwhile.
func TestGoroutines(t *testing.T) {
	long.Only(t)
	t.Parallel()
	device := build(t)
	r := provision(t, device, 2, "goroutines")
	t.Logf("heap %d, %d goroutines at a time, %d started\n%s", r.heap(), r.Goroutines, r.Started, r.table())
	require.LessOrEqual(t, r.heap(), 20<<10)
	require.Greater(t, r.Goroutines, 2)
}

// table tells who takes what.
func (r report) table() string {
	var b strings.Builder
	for _, who := range slices.SortedFunc(maps.Keys(r.Heap), func(a, b string) int { return r.Heap[b] - r.Heap[a] }) {
		fmt.Fprintf(&b, "%7d %s\n", r.Heap[who], who)
	}
	return b.String()
}

// build makes the device's program, with the word size and the code of a chip.
func build(t *testing.T) string {
	t.Helper()
	device := filepath.Join(t.TempDir(), "device")
	cmd := exec.Command("go", "build", "-tags", "tinygo", "-o", device, "./device")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=386", "CGO_ENABLED=0", "GO386=sse2", "GOFLAGS=", "GOEXPERIMENT=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	if err := exec.Command(device).Run(); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) || !ended.Exited() {
			t.Skip("programs for 386 do not run here: ", err)
		}
	}
	return device
}

// variables returns the bytes of the module's global variables.
func variables(t *testing.T, device string) (sum int) {
	t.Helper()
	f, err := elf.Open(device)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		ours := strings.HasPrefix(s.Name, "github.com/wifiprov/wifiprov") && !strings.Contains(s.Name, "/internal/test/")
		if ours && int(s.Section) < len(f.Sections) && f.Sections[s.Section].Flags&elf.SHF_WRITE != 0 {
			sum += int(s.Size)
		}
	}
	require.Positive(t, sum)
	return sum
}

// provision has a client provision the device, which runs as a process of its own: so
// nothing of client and air counts.
func provision(t *testing.T, device string, security int, how string) (r report) {
	t.Helper()
	air := sim.NewAir(sim.AirConfig{})
	near, err := air.NewController(sim.ControllerConfig{})
	require.NoError(t, err)
	far, err := air.NewController(sim.ControllerConfig{})
	require.NoError(t, err)
	tell := attach(t, near, device, fmt.Sprint(security), how)

	central, err := blecentral.New(far, blecentral.Config{Interval: 7500 * time.Microsecond})
	require.NoError(t, err)
	transport, err := client.NewBLE(client.BLEConfig{Central: central, ConnectTimeout: time.Minute, Timeout: time.Minute})
	require.NoError(t, err)
	c, err := client.New(transport, client.Config{PoP: "abcd1234", Username: "wifiprov", Password: "abcd1234"})
	require.NoError(t, err)
	require.NoError(t, c.Connect(t.Context()))
	networks, err := c.Scan(t.Context(), client.ScanOptions{})
	require.NoError(t, err)
	require.Len(t, networks, 16, "as many as a scan keeps")
	_, err = c.Provision(t.Context(), client.Credentials{SSID: "HomeNet", Passphrase: "correct horse"})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(tell(), &r))
	return r
}
