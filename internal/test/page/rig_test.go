// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/hal/sim/simnet"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/simapi"
)

// browserTime is how long a step in the browser may take.
const browserTime = 20 * time.Second

// allocator is the browser that all tests share.
var allocator context.Context

// findBrowser returns the name of the browser's program; "": there is none.
func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// page is the page of a fleet in a tab of a browser.
type page struct {
	*testing.T
	fleet *fleet.Fleet
	url   string
	tab   context.Context
}

// open starts a fleet, and opens its page.
func open(t *testing.T, devices []simdevice.Config, scheme string) *page {
	t.Helper()
	f, err := fleet.New(fleet.Config{
		Air: sim.AirConfig{TimeScale: 4}, Devices: devices,
		Networks: []sim.APConfig{
			simdevice.Home,
			{SSID: "Café am Eck", Channel: 11, RSSI: -68},
			{SSID: "Attic", Channel: 3, RSSI: -80, Auth: hal.AuthWPA3PSK, Passphrase: "battery staple"},
		},
	})
	require.NoError(t, err)
	t.Cleanup(f.Close)
	api := simapi.New(f, simapi.Config{})
	t.Cleanup(api.Close)
	require.NoError(t, f.Start())
	l, err := simnet.Loopback()
	require.NoError(t, err)
	go func() { _ = api.Serve(l) }()

	tab, cancel := chromedp.NewContext(allocator)
	p := &page{t, f, "http://" + l.Addr().String(), tab}
	require.NoError(t, chromedp.Do(tab)) // opens the tab, for as long as the context of this call lasts
	p.watchConsole(cancel)
	p.do(chromedp.EmulateViewport(1360, 1060), chromedp.Navigate(p.url), func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return none, err
	})
	p.until(`document.querySelectorAll("#devices button").length > 0`)
	return p
}

// watchConsole lets the test fail if the page throws or a policy of the browser is
// violated. cancel closes the tab.
func (p *page) watchConsole(cancel context.CancelFunc) {
	messages := chromedp.Console(p.tab)
	var said []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Source != "network" { // requests that fail
				said = append(said, m.String())
			}
		}
	}()
	p.Cleanup(func() {
		cancel()
		<-done
		require.Empty(p, said, "the browser's console")
	})
}

// do does steps in the browser.
func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.tab, browserTime)
	defer cancel()
	require.NoError(p, chromedp.Do(ctx, steps...))
}

// value returns what an expression says.
func value[T any](p *page, expression string) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.tab, browserTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(p, err, expression)
	return v
}

// until waits for an expression to be true.
func (p *page) until(expression string) {
	p.Helper()
	for end := time.Now().Add(browserTime); !value[bool](p, expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.Fail(p, "never: "+expression, "the page says %s", p.text("body"))
		}
	}
}

// text returns the text of an element as it can be seen.
func (p *page) text(selector string) string {
	p.Helper()
	return value[string](p, "document.querySelector("+strconv.Quote(selector)+").innerText")
}

// press types keys.
func (p *page) press(keys string) {
	p.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// tabTo presses the Tab key until an element has the focus.
func (p *page) tabTo(selector string) {
	p.Helper()
	for range 60 {
		p.press(kb.Tab)
		if value[bool](p, "document.activeElement.matches("+strconv.Quote(selector)+")") {
			require.NotEqual(p, "none", value[string](p, "getComputedStyle(document.activeElement).outlineStyle"), "the focus cannot be seen")
			return
		}
	}
	require.Fail(p, "the Tab key does not get to "+selector)
}

// click clicks the button with a text.
func (p *page) click(selector, text string) {
	p.Helper()
	p.until("[..." + all(selector) + "].some(e => e.innerText.includes(" + strconv.Quote(text) + ") && !e.disabled)")
	p.do(chromedp.Evaluate[chromedp.Void]("[..." + all(selector) + "].find(e => e.innerText.includes(" + strconv.Quote(text) + ")).click()"))
}

func all(selector string) string { return "document.querySelectorAll(" + strconv.Quote(selector) + ")" }

// shows waits until an element shows a text.
func (p *page) shows(selector, text string) {
	p.Helper()
	p.until("[..." + all(selector) + "].some(e => e.innerText.includes(" + strconv.Quote(text) + "))")
}

// provision provisions a device as a phone does.
func (p *page) provision(name string, credentials client.Credentials) error {
	p.Helper()
	c, err := p.fleet.Device(name).Client(client.Config{PollInterval: 400 * time.Millisecond})
	require.NoError(p, err)
	defer c.Close()
	_, err = c.Provision(p.Context(), credentials)
	return err
}

// some are devices of each transport.
func some(n int) []simdevice.Config {
	var all []simdevice.Config
	for i := range n {
		cfg := simdevice.Config{Name: names[i%len(names)], KeepExchanges: 64, Listen: func() (net.Listener, error) { return simnet.Loopback() }}
		if i >= len(names) {
			cfg.Name += "_" + string(rune('A'+i/len(names)))
		}
		switch i % 3 {
		case 1:
			cfg.Transport = simdevice.BLE
			cfg.Security = sharedSecurity
		case 2:
			cfg.Transport = simdevice.Console
			cfg.Security = simdevice.Security0()
		}
		all = append(all, cfg)
	}
	return all
}

var (
	sharedSecurity = simdevice.Security2(simdevice.DefaultUsername, simdevice.DefaultPoP)
	names          = []string{"PROV_A1B2C3", "PROV_LAMP_7", "PROV_HEATER", "PROV_D4E5F6", "PROV_PLUG_2", "PROV_SENSOR", "PROV_FRIDGE", "PROV_BLIND_1"}
)
