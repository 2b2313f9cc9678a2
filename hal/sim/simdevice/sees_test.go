// SPDX-License-Identifier: Apache-2.0

package simdevice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// sight is what a phone sees: how long what failed took, and the error; or, without an
// error, how long the last step took.
type sight struct {
	took time.Duration
	err  string
}

// Texts of what clients see often.
const (
	noAnswer = "configure: prov-config: timed out: no answer within 30s"
	refused  = "configure: prov-config: device refused the request: connection closed without an answer"
	lostLink = "configure: prov-config: the link ended without an answer: blecentral: the link is lost"
	noStream = "configure: prov-config: the stream ended without an answer: EOF"
	badPass  = "wait: prov-config: device could not join the network: authentication error"
	nowhere  = "wait: prov-config: device could not join the network: access point not found"
	onlyBLE  = "small-mtu is for devices with BLE"
	notYet   = "wait: prov-config: timed out: connecting after 2m0s"
)

// seen is a fault with what phones see of it over HTTP, BLE and a console: while they
// connect, scan and provision, and of a lost network when they ask once more.
var seen = []struct {
	name string
	simdevice.Fault
	sights [3]sight
}{
	{"wrong passphrase", simdevice.Fault{Kind: simdevice.RefuseJoin}, [3]sight{
		{2100 * time.Millisecond, badPass},
		{2 * time.Second, badPass},
		{2100 * time.Millisecond, badPass},
	}},
	{"no network", simdevice.Fault{Kind: simdevice.RefuseJoin, Reason: hal.ReasonNoAPFound}, [3]sight{
		{2100 * time.Millisecond, nowhere},
		{2 * time.Second, nowhere},
		{2100 * time.Millisecond, nowhere},
	}},
	{"tried again", simdevice.Fault{Kind: simdevice.RefuseJoin, Reason: hal.ReasonAuthExpire, Times: 2}, [3]sight{
		{2800 * time.Millisecond, ""},
		{3640 * time.Millisecond, ""},
		{2800 * time.Millisecond, ""},
	}},
	{"after the join", simdevice.Fault{Kind: simdevice.LoseNetwork, After: 10 * time.Second}, [3]sight{
		{700 * time.Millisecond, ""},
		{940 * time.Millisecond, ""},
		{700 * time.Millisecond, ""},
	}},
	{"a minute", simdevice.Fault{Kind: simdevice.NoAddress, For: time.Minute}, [3]sight{
		{58800 * time.Millisecond, ""},
		{56940 * time.Millisecond, ""},
		{58800 * time.Millisecond, ""},
	}},
	{"for ever", simdevice.Fault{Kind: simdevice.NoAddress}, [3]sight{
		{120 * time.Second, notYet},
		{120360 * time.Millisecond, notYet},
		{120 * time.Second, notYet},
	}},
	{"20 s", simdevice.Fault{Kind: simdevice.SlowScan, Delay: 20 * time.Second}, [3]sight{
		{21560 * time.Millisecond, ""},
		{21920 * time.Millisecond, ""},
		{21560 * time.Millisecond, ""},
	}},
	{"from a boot on", simdevice.Fault{Kind: simdevice.SmallMTU}, [3]sight{
		{0, onlyBLE},
		{2180 * time.Millisecond, ""},
		{0, onlyBLE},
	}},
	{"at a scan", simdevice.Fault{Kind: simdevice.StaleSession, Endpoint: "prov-scan", Request: 2}, [3]sight{
		{1560 * time.Millisecond, "scan: prov-scan: device refused the request: connection closed without an answer"},
		{1740 * time.Millisecond, "scan: prov-scan: device refused the request: ATT: invalid PDU"},
		{1760 * time.Millisecond, "scan: prov-scan: device refused the request: the prompt came without an answer"},
	}},
	{"at credentials", simdevice.Fault{Kind: simdevice.Reboot, Endpoint: "prov-config"}, [3]sight{
		{0, refused},
		{4030 * time.Millisecond, lostLink},
		{0, noStream},
	}},
	{"at credentials", simdevice.Fault{Kind: simdevice.PowerCut, Endpoint: "prov-config", For: 5 * time.Second}, [3]sight{
		{0, refused},
		{4030 * time.Millisecond, lostLink},
		{0, noStream},
	}},
	{"while polling", simdevice.Fault{Kind: simdevice.PowerCut, Endpoint: "prov-config", Request: 3, For: 5 * time.Second}, [3]sight{
		{120 * time.Second, "wait: prov-config: timed out: no answer within 2m0s: device cannot be reached: dial sim 192.168.4.1:80: connection refused"},
		{120240 * time.Millisecond, "wait: prov-config: timed out: no answer within 2m0s"},
		{0, "wait: prov-config: the stream ended without an answer: EOF"},
	}},
	{"while scanning", simdevice.Fault{Kind: simdevice.PowerCut, After: 1600 * time.Millisecond}, [3]sight{
		{120 * time.Second, "wait: prov-config: timed out: no answer within 2m0s: device cannot be reached: dial sim 192.168.4.1:80: connection refused"},
		{4200 * time.Millisecond, "scan: prov-scan: the link ended without an answer: blecentral: the link is lost"},
		{1400 * time.Millisecond, "scan: prov-scan: the stream ended without an answer: EOF"},
	}},
	{"at credentials", simdevice.Fault{Kind: simdevice.PowerCutInFlash, For: 5 * time.Second}, [3]sight{
		{0, "apply: prov-config: device refused the request: connection closed without an answer"},
		{4150 * time.Millisecond, "apply: prov-config: the link ended without an answer: blecentral: the link is lost"},
		{0, "apply: prov-config: the stream ended without an answer: EOF"},
	}},
	{"of credentials", simdevice.Fault{Kind: simdevice.DropAnswer, Endpoint: "prov-config"}, [3]sight{
		{30 * time.Second, noAnswer},
		{30030 * time.Millisecond, noAnswer},
		{30 * time.Second, noAnswer},
	}},
	{"of a status", simdevice.Fault{Kind: simdevice.DropAnswer, Endpoint: "prov-config", Request: 4}, [3]sight{
		{30700 * time.Millisecond, ""},
		{32610 * time.Millisecond, ""},
		{30900 * time.Millisecond, ""},
	}},
	{"a little", simdevice.Fault{Kind: simdevice.DelayAnswer, Endpoint: "prov-config", Delay: 20 * time.Second}, [3]sight{
		{22100 * time.Millisecond, ""},
		{22 * time.Second, ""},
		{22100 * time.Millisecond, ""},
	}},
	{"too long", simdevice.Fault{Kind: simdevice.DelayAnswer, Endpoint: "prov-config", Delay: 40 * time.Second}, [3]sight{
		{30 * time.Second, noAnswer},
		{30030 * time.Millisecond, noAnswer},
		{30 * time.Second, noAnswer},
	}},
	{"to nothing", simdevice.Fault{Kind: simdevice.TruncateAnswer, Endpoint: "prov-config"}, [3]sight{
		{0, "configure: prov-config: device's answer makes no sense: cut off after 0 bytes"},
		{120 * time.Millisecond, "configure: prov-config: device's answer makes no sense: message CmdGetStatus instead of RespSetConfig"},
		{0, "configure: prov-config: device's answer makes no sense: message CmdGetStatus instead of RespSetConfig"},
	}},
	{"to a part", simdevice.Fault{Kind: simdevice.TruncateAnswer, Endpoint: "prov-config", Bytes: 1}, [3]sight{
		{0, "configure: prov-config: device's answer makes no sense: cut off after 1 bytes"},
		{120 * time.Millisecond, "configure: prov-config: device's answer makes no sense: pb: malformed message"},
		{0, "configure: prov-config: device's answer makes no sense: pb: malformed message"},
	}},
	{"in the handshake", simdevice.Fault{Kind: simdevice.CutLink, Endpoint: "prov-session", Request: 2}, [3]sight{
		{2100 * time.Millisecond, ""},
		{5310 * time.Millisecond, "connect: prov-session: the link ended without an answer: blecentral: the link is lost"},
		{30200 * time.Millisecond, "connect: prov-session: timed out: no answer within 30s"},
	}},
	{"at credentials", simdevice.Fault{Kind: simdevice.CutLink, Endpoint: "prov-config"}, [3]sight{
		{0, refused},
		{4030 * time.Millisecond, lostLink},
		{30 * time.Second, noAnswer},
	}},
	{"while polling", simdevice.Fault{Kind: simdevice.CutLink, Endpoint: "prov-config", Request: 4}, [3]sight{
		{2100 * time.Millisecond, ""},
		{6610 * time.Millisecond, ""},
		{30900 * time.Millisecond, ""},
	}},
}

// What a phone sees of each fault, over each transport.
func TestWhatAPhoneSees(t *testing.T) {
	kinds := map[simdevice.FaultKind]bool{}
	for _, tc := range seen {
		kinds[tc.Kind] = true
		for transport, want := range tc.sights {
			cfg := simdevice.Config{Transport: simdevice.Transport(transport), App: simdevice.App{NoAutoStop: true}}
			t.Run(string(tc.Kind)+"/"+tc.name+"/"+cfg.Transport.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					took, err := see(t, simdevice.Test(t, cfg), tc.Fault)
					require.InDelta(t, want.took.Seconds(), took.Seconds(), 0.05)
					if want.err == "" {
						require.NoError(t, err)
					} else {
						require.ErrorContains(t, err, want.err)
					}
				})
			})
		}
	}
	for _, kind := range simdevice.FaultKinds() {
		require.True(t, kinds[kind], kind)
	}
}

// see lets a phone connect, scan and provision a device with a fault. It returns how
// long the last step took, and its error.
func see(t *testing.T, device *simdevice.Tested, fault simdevice.Fault) (took time.Duration, err error) {
	device.Until(simdevice.Named("PROV_START"))
	if err := device.Inject(fault); err != nil {
		return 0, err
	}
	if fault.Kind == simdevice.SmallMTU {
		require.NoError(t, device.Reboot())
		device.Until(simdevice.Named("PROV_START"))
	}
	phone := device.Phone(client.Config{PollInterval: 700 * time.Millisecond})
	steps := []func() error{
		func() error { return phone.Connect(t.Context()) },
		func() error { _, err := phone.Scan(t.Context(), client.ScanOptions{}); return err },
		func() error { _, err := phone.Provision(t.Context(), simdevice.Right); return err },
		func() error { _, err := phone.WaitConnected(t.Context()); return err },
	}
	injected := time.Now()
	for i, step := range steps {
		if i == 3 {
			if fault.Kind != simdevice.LoseNetwork {
				break
			}
			time.Sleep(10100*time.Millisecond - time.Since(injected)) // 0.1 s after the fault
		}
		began := time.Now()
		err = step()
		if took = time.Since(began); err != nil || fault.Kind == simdevice.SlowScan && i == 1 {
			break
		}
	}
	return took, err
}
