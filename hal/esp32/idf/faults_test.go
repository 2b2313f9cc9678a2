// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// codes are those with which the headers of ESP-IDF v5.5 say that a call
// fails; for nvs_flash_init also the two that its examples look for.
var codes = map[string][]int32{
	"nvs_flash_init":                        {0x110d, 0x105, 0x101, 0x1110},
	"esp_netif_init":                        {-1},
	"esp_event_loop_create_default":         {0x101, 0x103, -1},
	"esp_netif_create_default_wifi_sta":     {0x101},
	"esp_netif_create_default_wifi_ap":      {0x101},
	"esp_event_handler_instance_register":   {0x101, 0x102},
	"esp_event_handler_instance_unregister": {0x102},
	"esp_netif_get_ip_info":                 {0x5001},
	"esp_netif_get_dns_info":                {0x5001},
	"esp_wifi_init":                         {0x101},
	"esp_wifi_deinit":                       {0x3001},
	"esp_wifi_start":                        {0x3001, 0x102, 0x101, 0x3007, -1},
	"esp_wifi_stop":                         {0x3001},
	"esp_wifi_set_mode":                     {0x3001, 0x102},
	"esp_wifi_get_mode":                     {0x102},
	"esp_wifi_set_storage":                  {0x3001, 0x102},
	"esp_wifi_set_config":                   {0x3001, 0x102, 0x3004, 0x3005, 0x300b, 0x3008, 0x3006},
	"esp_wifi_get_config":                   {0x3001, 0x102, 0x3004},
	"esp_wifi_restore":                      {0x3001},
	"esp_wifi_connect":                      {0x3001, 0x3002, 0x3005, 0x3007, 0x300a},
	"esp_wifi_disconnect":                   {0x3001, 0x3002, -1},
	"esp_wifi_scan_start":                   {0x3001, 0x3002, 0x300c, 0x3006},
	"esp_wifi_scan_stop":                    {0x3001, 0x3002, 0x3006},
	"esp_wifi_scan_get_ap_num":              {0x3001, 0x3002, 0x102},
	"esp_wifi_scan_get_ap_records":          {0x3001, 0x3002, 0x102, 0x101},
	"esp_wifi_sta_get_ap_info":              {0x3007, 0x300f},
	"esp_wifi_get_channel":                  {0x3001, 0x102},
	"esp_bt_controller_init":                {0x103, 0x106, 0x102, 0x101, -1},
	"esp_bt_controller_deinit":              {0x102, 0x103, 0x101},
	"esp_bt_controller_enable":              {0x103, 0x102},
	"esp_bt_controller_disable":             {0x103},
	"esp_bt_controller_mem_release":         {0x103, 0x105},
	"esp_vhci_host_register_callback":       {-1},
	"httpd_start":                           {0x102, 0xb007, 0xb008},
	"httpd_stop":                            {0x102},
	"httpd_register_uri_handler":            {0x102, 0xb001, 0xb002},
	"httpd_register_err_handler":            {0x102},
	"xSemaphoreCreateBinary":                {0x101},
	"malloc":                                {0x101},
}

// expected says that a failure is none: there is an event loop already, or a
// detail of an event stays unknown.
func expected(call string, code int32) bool {
	switch call {
	case "esp_event_loop_create_default":
		return code == idftest.ErrInvalidState
	case "esp_wifi_get_channel":
		return true
	}
	return false
}

// life is all that a device does, step by step.
type life struct {
	t      *testing.T
	chip   *idftest.Chip
	dev    *idf.Device
	events []hal.Event
	errs   []error
}

// step makes a step, which may fail; then the next try succeeds.
func (l *life) step(what string, do func() error) {
	l.t.Helper()
	for range 2 {
		err := do()
		if err == nil {
			return
		}
		l.errs = append(l.errs, fmt.Errorf("%s: %w", what, err))
	}
	l.t.Fatalf("%s fails again: %v", what, l.errs)
}

// await pumps until an event of the kind comes.
func (l *life) await(kind hal.EventKind) {
	l.t.Helper()
	for range 100 {
		for i, e := range l.events {
			if e.Kind == kind {
				l.events = append(l.events[:i], l.events[i+1:]...)
				return
			}
		}
		l.dev.Pump(time.Second)
	}
	l.t.Fatalf("no event %v", kind)
}

// live is a whole life in a single task.
func (l *life) live() {
	home := hal.StationConfig{SSID: "HomeNet", Passphrase: "secretpass"}
	l.step("open", func() (err error) {
		if l.dev, err = idf.Open(idf.Config{}); err != nil {
			require.Empty(l.t, l.chip.Left(), "after an Open that failed")
		}
		return err
	})
	d := l.dev
	d.Subscribe(func(e hal.Event) { l.events = append(l.events, e) })
	l.step("mode", func() error { return d.SetMode(hal.ModeSTA) })
	l.step("start", d.Start)
	l.await(hal.EventStationStart)
	l.step("storage", func() error { return d.SetStorage(hal.StorageRAM) })
	l.step("scan", func() error { return d.StartScan(hal.ScanConfig{}) })
	l.step("stop scan", d.StopScan)
	l.await(hal.EventScanDone)
	l.step("scan", func() error { return d.StartScan(hal.ScanConfig{}) })
	l.await(hal.EventScanDone)
	l.step("results", func() error {
		n, err := d.ScanResults(make([]hal.AccessPoint, 10))
		if err != nil {
			kept, _ := l.chip.Scanned()
			require.Empty(l.t, kept, "the driver keeps what nobody can take")
			require.NoError(l.t, d.StartScan(hal.ScanConfig{}))
			l.await(hal.EventScanDone)
			return err
		}
		require.Equal(l.t, 4, n)
		return nil
	})
	l.step("station", func() error { return d.SetStationConfig(hal.StationConfig{SSID: "HomeNet", Passphrase: "wrongpass"}) })
	l.step("connect", d.Connect)
	l.await(hal.EventDisconnected)
	l.step("storage", func() error { return d.SetStorage(hal.StorageFlash) })
	l.step("station", func() error { return d.SetStationConfig(home) })
	l.step("read station", func() error {
		cfg, err := d.StationConfig()
		if err == nil {
			require.Equal(l.t, home, cfg)
		}
		return err
	})
	l.step("softap", func() error { return d.StartSoftAP(hal.SoftAPConfig{SSID: "PROV_1"}) })
	_, open := l.chip.Board.SoftAP()
	require.True(l.t, open)
	require.Equal(l.t, hal.StorageFlash, l.chip.Board.Storage())
	l.step("http", func() error { return d.StartHTTP(80, nobody{}) })
	l.step("connect", d.Connect)
	l.await(hal.EventGotIP)
	l.step("link", func() error { _, err := d.Link(); return err })
	l.step("ip", func() error { _, err := d.IPConfig(); return err })
	l.step("disconnect", d.Disconnect)
	l.await(hal.EventDisconnected)
	l.step("http stop", d.StopHTTP)
	l.step("softap stop", d.StopSoftAP)
	require.Equal(l.t, hal.ModeSTA, l.chip.Board.Mode())
	require.Equal(l.t, hal.StorageFlash, l.chip.Board.Storage())
	l.step("bluetooth", func() error { return d.Bluetooth().Send([]byte{1, 0x03, 0x0C, 0}) })
	l.step("release", func() error { return d.ReleaseMemory(ble.Classic | ble.LE) })
	l.step("restore", d.Restore)
	l.step("close", d.Close)
	require.Empty(l.t, l.chip.Left())
}

// nobody is an endpoint of HTTP.
type nobody struct{}

func (nobody) ServeHTTPRequest(*httpserver.Request, *httpserver.Answer) {}
func (nobody) HTTPClosed(int)                                           {}

func newLife(t *testing.T) *life {
	return &life{t: t, chip: idftest.New(t, idftest.Config{Air: newAir(t)})}
}

// Every failure of every call, one at a time: the error names call and code,
// nothing is lost, and the next try works.
func TestEveryFailure(t *testing.T) {
	calls := map[string]int{}
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t)
		l.live()
		require.Empty(t, l.errs)
		for _, call := range l.chip.Called() {
			calls[call] = l.chip.Calls(call)
		}
	})
	for call, list := range codes {
		require.NotZero(t, calls[call], "%s is not called", call)
		for _, code := range list {
			for nth := range calls[call] {
				t.Run(fmt.Sprintf("%s/%#x/%d", call, code, nth+1), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l := newLife(t)
						l.chip.Fail(call, nth+1, code)
						l.live()
						checkFailure(t, l.errs, call, code, nth+1)
					})
				})
			}
		}
	}
	for call := range calls {
		if _, listed := codes[call]; !listed && call != "random byte" {
			t.Errorf("%s is called and has no codes here", call)
		}
	}
}

// silent are the calls of esp_wifi_sta_get_ap_info that only add details: at
// Open and in the event of a connection.
const silent = 2

func checkFailure(t *testing.T, errs []error, call string, code int32, nth int) {
	t.Helper()
	if expected(call, code) || call == "esp_wifi_sta_get_ap_info" && nth <= silent {
		require.Empty(t, errs)
		return
	}
	require.Len(t, errs, 1, "%v", errs)
	var e *idf.Error
	require.ErrorAs(t, errs[0], &e)
	require.Equal(t, call, e.Call)
	require.Equal(t, code, e.Code)
	require.Contains(t, e.Error(), call)
	require.NotContains(t, e.Error(), "error (", "a code without a name")
}

// What codes mean to package hal.
func TestErrorsOfHAL(t *testing.T) {
	for _, c := range []struct {
		call string
		code int32
		want error
	}{
		{"esp_wifi_connect", 0x3002, hal.ErrNotStarted},
		{"esp_wifi_scan_start", 0x3006, hal.ErrBusy},
		{"esp_wifi_connect", 0x3007, hal.ErrBusy},
		{"esp_wifi_sta_get_ap_info", 0x3007, hal.ErrNotConnected},
		{"esp_wifi_sta_get_ap_info", 0x300f, hal.ErrNotConnected},
		{"esp_bt_controller_init", 0x106, hal.ErrNotSupported},
	} {
		require.ErrorIs(t, &idf.Error{Call: c.call, Code: c.code}, c.want)
	}
	require.NoError(t, errors.Unwrap(&idf.Error{Call: "esp_wifi_connect", Code: -1}))
	require.Equal(t, "esp32: esp_wifi_connect failed with ESP_FAIL (-1)", (&idf.Error{Call: "esp_wifi_connect", Code: -1}).Error())
	require.Equal(t, "esp32: esp_wifi_connect failed with error (0x3333)", (&idf.Error{Call: "esp_wifi_connect", Code: 0x3333}).Error())
}
