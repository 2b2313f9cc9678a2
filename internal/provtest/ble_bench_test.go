package provtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/client/blecentral"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/att"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/protocomm"
)

// BenchmarkBLERequest is a request and its answer through client, central, both
// controllers, attribute server and protocomm, delays removed. What it
// allocates is the phone's and the air's; TestNoAllocations of att and gatt
// hold the device to none.
func BenchmarkBLERequest(b *testing.B) {
	for _, n := range []int{20, 244, 480} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := NewBLE(b, sim.AirConfig{TimeScale: 1e9}, att.Config{MTU: 517, Clock: hal.SystemClock{}})
			require.NoError(b, d.Manager.Init(d.Config()))
			require.NoError(b, d.Manager.CreateEndpoint("custom-data"))
			require.NoError(b, d.Manager.DisableAutoStop(0))
			d.StartOnly(false)
			require.NoError(b, d.Manager.RegisterEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }))
			controller, err := d.Air.NewController(sim.ControllerConfig{})
			require.NoError(b, err)
			central, err := blecentral.New(controller, blecentral.Config{SupervisionTimeout: 32 * time.Second})
			require.NoError(b, err)
			transport, err := client.NewBLE(client.BLEConfig{Central: central})
			require.NoError(b, err)
			body := make([]byte, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := transport.Do(b.Context(), "custom-data", body); err != nil {
					b.Fatal(err)
				}
			}
			transport.Close()
			d.Stop()
		})
	}
}
