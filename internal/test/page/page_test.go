// SPDX-License-Identifier: Apache-2.0

// Package page drives the page of the simulator in a headless Chromium. It is a module
// of its own for the sake of the driver that it requires.
package page

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/protocomm"
)

var screenshot = flag.String("screenshot", "", "write a `file` with a picture of the page, and its dark form beside it")

func TestMain(m *testing.M) {
	flag.Parse()
	browser := findBrowser()
	if browser == "" {
		if os.Getenv("WIFIPROV_BROWSER") != "" {
			fmt.Println("no Chromium is installed: the page cannot be tested")
			os.Exit(1)
		}
		fmt.Println("no Chromium is installed: the page is NOT tested")
		os.Exit(0)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	first, cancelFirst := chromedp.NewContext(ctx) // further contexts are tabs of its browser
	allocator = first
	code := 1
	if err := chromedp.Do(first); err != nil {
		fmt.Println("Chromium does not start:", err)
	} else {
		code = m.Run()
	}
	cancelFirst()
	cancel()
	os.Exit(code)
}

var wrong = client.Credentials{SSID: simdevice.Home.SSID, Passphrase: "wrong horse"}

// A device appears, is provisioned, and a fault is injected, all seen on the page.
func TestStory(t *testing.T) {
	p := open(t, some(4), "light")
	p.shows("#total", "4 devices")
	p.shows("#summary", "4 waiting")
	p.click("#devices button", "PROV_A1B2C3")
	p.shows("main h2", "PROV_A1B2C3")
	p.shows("main .pill", "waiting")
	p.shows("main .code", "abcd1234")
	p.until(`document.querySelector(".qr svg path") !== null`)
	require.Contains(t, value[string](p, `document.querySelector(".qr svg").getAttribute("aria-label")`), `"name":"PROV_A1B2C3"`)
	p.shows(".log", "PROV_START")

	// provisioned
	require.NoError(t, p.provision("PROV_A1B2C3", simdevice.Right))
	p.shows("main .pill", "connected")
	p.shows("#status", "PROV_A1B2C3 is connected.")
	p.shows("#devices li", "connected")
	p.shows("#networks li", "1 device")
	p.shows(".log", "PROV_CRED_SUCCESS")
	p.click(".log summary", "CMD_SET_CONFIG HomeNet")
	p.shows(".log pre", "passphrase: [hidden]")
	require.NotContains(t, value[string](p, "document.documentElement.outerHTML"), string(simdevice.Right.Passphrase))
	p.do(chromedp.Click(chromedp.CSS(".log-head input")))
	require.False(t, value[bool](p, `[...document.querySelectorAll(".log > li")].some(li => !li.hidden && li.innerText.includes("SET_CONFIG"))`))

	// a fault
	p.click(".kinds button", "power-cut")
	p.shows("#fault-about", "comes back after a time")
	p.do(chromedp.SendKeys(chromedp.CSS("input[name=for]"), "2s"))
	p.click("main form button", "Inject power-cut")
	p.shows(".log", "FAULT")
	p.shows("main .pill", "off")
	p.shows("main .pill", "connected") // again, after 2 s of the device's time

	// a wrong field does not get to the device
	p.click(".kinds button", "delay-answer")
	require.Equal(t, "5s", value[string](p, `document.querySelector("input[name=delay]").value`))
	p.do(chromedp.SendKeys(chromedp.CSS("input[name=delay]"), "x"))
	p.click("main form button", "Inject delay-answer")
	require.True(t, value[bool](p, `document.querySelector("input[name=delay]:invalid") !== null`))
	require.NotContains(t, p.text("#status"), "delay-answer")

	// networks, power, and a reset
	p.click("#networks button.air", "Vanish")
	p.shows("#networks li", "not on the air")
	p.shows("main .pill", "lost")
	p.click("#networks button.air", "Appear")
	p.shows("main .pill", "connected")
	p.click("main button", "Factory reset")
	p.shows("#confirm", "Reset PROV_A1B2C3?")
	p.click("#confirm button", "Cancel")
	require.True(t, p.fleet.Device("PROV_A1B2C3").Provisioned())
	// asked again before the browser tells of the dialog's first end, with a frame
	p.do(chromedp.Evaluate[chromedp.Void](`for (const button of ["main button.danger", "#confirm-no", "main button.danger"]) document.querySelector(button).click();
		requestAnimationFrame(() => setTimeout(() => document.getElementById("confirm-yes").click(), 50))`))
	p.shows("main .pill", "waiting")
	p.click("main button", "Power off")
	p.shows("main .pill", "off")
	p.click("main button", "Power on")
	p.shows("main .pill", "waiting")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#add-network input[name=ssid]").value = "Office"`))
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#add-network").requestSubmit()`))
	p.shows("#networks li", "Office")
}

// Everything works with the keyboard alone.
func TestKeyboard(t *testing.T) {
	p := open(t, some(6), "light")
	p.press(kb.Tab)
	require.Equal(t, "Skip to the device", value[string](p, "document.activeElement.innerText"))
	p.tabTo("#prefix")
	p.press("PROV_LAMP")
	p.shows("#total", "1 device")
	p.press(kb.Backspace + kb.Backspace + kb.Backspace + kb.Backspace)
	p.shows("#total", "6 devices")
	p.tabTo("#devices button")
	p.press(kb.ArrowDown + kb.ArrowDown + kb.ArrowUp + kb.Enter)
	p.shows("main h2", "PROV_LAMP_7")
	require.Equal(t, "PROV_LAMP_7", value[string](p, "document.activeElement.dataset.device"), "the focus stays in the list")
	p.press(kb.Tab) // the list is one stop
	require.False(t, value[bool](p, `document.activeElement.matches("#devices button")`))
	p.tabTo("main .actions button")
	require.Equal(t, "Power off", value[string](p, "document.activeElement.innerText"))
	p.press(kb.Enter)
	p.shows("main .pill", "off")
	p.until(`document.activeElement.innerText === "Power on"`)
	p.press(" ")
	p.shows("main .pill", "waiting")
	p.tabTo("main button.danger")
	p.press(kb.Enter)
	p.until(`document.querySelector("#confirm").open`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("#confirm").open && document.activeElement.innerText === "Factory reset"`)
	p.tabTo(".kinds button:nth-child(7)")
	p.press(kb.Enter)
	p.shows("main form button", "Inject reboot")
	p.tabTo("main form button.main")
	p.press(kb.Enter)
	p.shows("#status", "PROV_LAMP_7: reboot")
	p.shows(".log", "FAULT")
	p.tabTo(".log")
	p.tabTo(".log-head input, body > a")
}

// Names are text, whatever they look like.
func TestHostileNames(t *testing.T) {
	const name = `<img src=x onerror=alert(1)>"'&{}<script>alert(2)</script>`
	endpoint := simdevice.Endpoint{Name: "custom", Handler: func(_ protocomm.SessionID, req []byte) ([]byte, error) { return req, nil }}
	p := open(t, []simdevice.Config{{Name: name, KeepExchanges: 8, Transport: simdevice.Console, Endpoints: []simdevice.Endpoint{endpoint}}, {Name: "../../a?b#c/%2f"}}, "light")
	_, err := p.fleet.AddNetwork(sim.APConfig{SSID: "<img src=x onerror=alert(1)>"})
	require.NoError(t, err)
	p.shows("#devices .name", name)
	p.click("#devices button", name)
	p.shows("main h2", name)
	p.shows("main .pill", "waiting")
	p.shows("#networks li", "<img src=x onerror=alert(1)>")
	c, err := p.fleet.Device(name).Client(client.Config{})
	require.NoError(t, err)
	require.NoError(t, c.Connect(t.Context()))
	_, err = c.Custom(t.Context(), "custom", []byte(name))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	p.shows(".log", "custom")
	p.click(".log summary", "custom")
	p.shows(".log pre", "text: "+name)
	require.NoError(t, p.fleet.Device(name).Inject(simdevice.Fault{Kind: simdevice.DropAnswer, Endpoint: name}))
	p.click("#devices button", "../../a")
	p.shows("main h2", "../../a?b#c/%2f")
	p.shows("main .pill", "waiting")
	p.click("main button", "Power off")
	p.shows("main .pill", "off")
	require.Zero(t, value[int](p, `document.querySelectorAll("img[src=x], script:not([src])").length`))
	p.do(chromedp.Navigate(p.url + "/#device=" + url.QueryEscape("nobody <b>")))
	p.shows("main", `there is no device "nobody <b>"`)
}

// contrast is the least contrast of a text with what is behind it.
const contrast = `(() => {
  const rgb = text => text.match(/[0-9.]+/g).map(Number);
  const light = c => {
    const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  let worst = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!text || e.disabled || !e.checkVisibility() || e.closest('#status, .skip')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color).slice(0, 3)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 100)];
  }
  return {ratio: worst[0], element: worst[1]};
})()`

// In both schemes all text can be read, everything has a name, and nothing is cut off
// on a small screen.
func TestLooks(t *testing.T) {
	backs := map[string]bool{}
	for _, scheme := range []string{"light", "dark"} {
		p := open(t, some(3), scheme)
		require.Error(t, p.provision("PROV_A1B2C3", wrong))
		p.fleet.Device("PROV_HEATER").PowerCut()
		p.click("#devices button", "PROV_A1B2C3")
		p.shows(".log", "PROV_CRED_FAIL")
		p.click(".log summary", "CMD_SET_CONFIG")
		backs[value[string](p, "getComputedStyle(document.body).backgroundColor")] = true
		worst := value[struct {
			Ratio   float64
			Element string
		}](p, contrast)
		require.Greater(t, worst.Ratio, 4.5, "%s: %s", scheme, worst.Element)
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("button, input, select, a, section, nav, main, ul[id], ol")].filter(e => e.checkVisibility() &&
			!e.innerText?.trim() && !e.ariaLabel && !e.getAttribute("aria-labelledby") && !e.labels?.length).map(e => e.outerHTML)`), "without a name")
		require.Equal(t, []int{1, 1, 1}, value[[]int](p, `["h1", "main", "body > header"].map(s => document.querySelectorAll(s).length)`))
		for _, width := range []int64{340, 700, 1000} {
			p.do(chromedp.EmulateViewport(width, 800))
			require.LessOrEqual(t, value[int64](p, "document.documentElement.scrollWidth"), width)
		}
	}
	require.Len(t, backs, 2)
}

// Thousands of devices are a list of pages.
func TestThousands(t *testing.T) {
	var many []simdevice.Config
	for i := range 3000 {
		many = append(many, simdevice.Config{Name: fmt.Sprintf("PROV_%04d", i)})
	}
	p := open(t, many, "light")
	p.shows("#total", "3000 devices")
	p.shows("#summary", "3000 waiting")
	require.Equal(t, 50, value[int](p, `document.querySelectorAll("#devices button").length`))
	p.click("#pager button", "Later")
	p.shows("#range", "51 to 100 of 3000")
	p.shows("#devices .name", "PROV_0099")
	p.do(chromedp.SendKeys(chromedp.CSS("#prefix"), "PROV_299"))
	p.shows("#total", "10 devices")
	p.fleet.Device("PROV_2993").PowerCut()
	p.do(chromedp.SetValue(chromedp.CSS("#state"), "off"), chromedp.Evaluate[chromedp.Void](`document.querySelector("#state").dispatchEvent(new Event("input"))`))
	p.shows("#total", "1 device")
	p.shows("#devices .name", "PROV_2993")
}

func TestScreenshot(t *testing.T) {
	if *screenshot == "" {
		t.Skip("asked for with -screenshot")
	}
	for _, scheme := range []string{"light", "dark"} {
		p := open(t, some(24), scheme)
		require.Error(t, p.provision("PROV_D4E5F6", wrong))
		for _, name := range []string{"PROV_LAMP_7", "PROV_FRIDGE", "PROV_BLIND_1", "PROV_SENSOR"} {
			require.NoError(t, p.provision(name, simdevice.Right))
		}
		require.NoError(t, p.fleet.Device("PROV_A1B2C3").Inject(simdevice.Fault{Kind: simdevice.RefuseJoin}))
		require.Error(t, p.provision("PROV_A1B2C3", simdevice.Right))
		c, err := p.fleet.Device("PROV_A1B2C3").Client(client.Config{PollInterval: 400 * time.Millisecond})
		require.NoError(t, err)
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Reset(t.Context()))
		_, err = c.Provision(t.Context(), simdevice.Right)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		p.fleet.Device("PROV_HEATER").PowerCut()
		p.do(chromedp.EmulateViewport(1360, 1030, chromedp.EmulateScale(0.85)), chromedp.Navigate(p.url+"#device=PROV_A1B2C3"))
		p.until(`document.querySelectorAll(".log > li").length > 20`)
		p.until(`document.querySelector("main .pill").innerText == "connected"`)
		p.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".log details")].find(d => d.innerText.includes("SET_CONFIG")).open = true`))
		time.Sleep(500 * time.Millisecond)
		picture, err := chromedp.Run(p.tab, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		pixels, err := png.Decode(bytes.NewReader(picture))
		require.NoError(t, err)
		var small bytes.Buffer
		require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, pixels))
		name := *screenshot
		if scheme == "dark" {
			name += ".dark.png"
		}
		require.NoError(t, os.WriteFile(name, small.Bytes(), 0o644))
	}
}
