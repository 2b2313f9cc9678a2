// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// everyCall runs each method that needs Init and returns its error.
func everyCall(m *wifiprov.Manager) map[string]error {
	errs := map[string]error{}
	_, errs["IsProvisioned"] = m.IsProvisioned()
	errs["StartProvisioning"] = m.StartProvisioning(sec0.New(), "PROV_TEST", "")
	errs["DisableAutoStop"] = m.DisableAutoStop(time.Second)
	errs["SetAppInfo"] = m.SetAppInfo("app", "1", nil)
	errs["CreateEndpoint"] = m.CreateEndpoint("custom")
	errs["RegisterEndpoint"] = m.RegisterEndpoint("custom", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil })
	_, errs["WiFiState"] = m.WiFiState()
	_, errs["DisconnectReason"] = m.DisconnectReason()
	_, errs["RemainingAttempts"] = m.RemainingAttempts()
	errs["KeepBLEOn"] = m.KeepBLEOn(true)
	errs["ConfigureStation"] = m.ConfigureStation(hal.StationConfig{SSID: "x"})
	errs["ResetProvisioning"] = m.ResetProvisioning()
	errs["ResetOnFailure"] = m.ResetOnFailure()
	errs["ResetForReprovision"] = m.ResetForReprovision()
	return errs
}

// Before Init and after Deinit every method says so and none crashes (Q-M18).
func TestQM18_NotInitialised(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		check := func() {
			for name, err := range everyCall(&r.m) {
				require.ErrorIs(t, err, wifiprov.ErrInvalidState, name)
				require.Contains(t, err.Error(), "call Init first", name)
				require.Equal(t, protocomm.CodeInvalidState, protocomm.ErrorCode(err), name)
			}
			r.m.StopProvisioning()
			r.m.UnregisterEndpoint("prov-config")
			r.m.Wait()
			require.NoError(t, r.m.Deinit())
		}
		check()
		r.init()
		require.NoError(t, r.m.Deinit())
		check()
		require.Equal(t, []string{"INIT", "DEINIT"}, r.takeEvents())
	})
}

// The package-level functions are those of one Manager.
func TestDefaultManager(t *testing.T) {
	require.ErrorIs(t, wifiprov.ResetOnFailure(), wifiprov.ErrInvalidState)
	r := newRig(t)
	require.NoError(t, wifiprov.Init(r.cfg))
	require.ErrorIs(t, wifiprov.Default().Init(r.cfg), wifiprov.ErrInvalidState)
	provisioned, err := wifiprov.IsProvisioned()
	require.NoError(t, err)
	require.True(t, provisioned)
	require.NoError(t, wifiprov.SetAppInfo("app", "1", nil))
	require.ErrorIs(t, wifiprov.KeepBLEOn(true), wifiprov.ErrNotSupported)
	require.True(t, wifiprov.IsIdle())
	left, err := wifiprov.RemainingAttempts()
	require.NoError(t, err)
	require.Zero(t, left)
	require.NoError(t, wifiprov.CreateEndpoint("custom"))
	require.NoError(t, wifiprov.DisableAutoStop(0))
	require.ErrorIs(t, wifiprov.ConfigureStation(hal.StationConfig{}), wifiprov.ErrFail)
	require.NoError(t, wifiprov.StartProvisioning(sec0.New(), "n", ""))
	require.NoError(t, wifiprov.RegisterEndpoint("custom", func(protocomm.SessionID, []byte) ([]byte, error) { return nil, nil }))
	wifiprov.UnregisterEndpoint("custom")
	state, err := wifiprov.WiFiState()
	require.NoError(t, err)
	require.Equal(t, wifiprov.StationConnecting, state)
	_, err = wifiprov.DisconnectReason()
	require.ErrorIs(t, err, wifiprov.ErrFail)
	require.NoError(t, wifiprov.ResetForReprovision())
	require.NoError(t, wifiprov.ResetProvisioning())
	var heard []string
	defer wifiprov.Subscribe(func(e wifiprov.Event) { heard = append(heard, e.String()) })()
	wifiprov.StopProvisioning()
	<-wifiprov.Done()
	wifiprov.Wait()
	require.NoError(t, wifiprov.Deinit())
	require.Equal(t, []string{"INIT", "START", "START", "END", "DEINIT"}, r.takeEvents())
	require.Equal(t, []string{"END", "DEINIT"}, heard)
}

func TestInitChecksItsConfig(t *testing.T) {
	good := newRig(t).cfg
	bad := map[string]func(*wifiprov.Config){
		"Config.WiFi":        func(c *wifiprov.Config) { c.WiFi = nil },
		"Config.Scheme":      func(c *wifiprov.Config) { c.Scheme = nil },
		"Config.AutoStop":    func(c *wifiprov.Config) { c.AutoStop = 4999 * time.Millisecond },
		"5s to 600s":         func(c *wifiprov.Config) { c.AutoStop = 601 * time.Second },
		"Config.ScanEntries": func(c *wifiprov.Config) { c.ScanEntries = 256 },
		"1 to 255":           func(c *wifiprov.Config) { c.ScanEntries = -1 },
		"Config.Version":     func(c *wifiprov.Config) { c.Version = 3 },
		"Config.MaxSessions": func(c *wifiprov.Config) { c.MaxSessions = -1 },
		"MaxHalfOpen":        func(c *wifiprov.Config) { c.MaxHalfOpen = -1 },
		"Config.Attempts":    func(c *wifiprov.Config) { c.Attempts = -1 },
		"0 to 65535":         func(c *wifiprov.Config) { c.Attempts = 65536 },
		"Config.Reasons":     func(c *wifiprov.Config) { c.Reasons = 4 },
		"Config.ProofDelay":  func(c *wifiprov.Config) { c.ProofDelay = -1 },
		"0 to 10m":           func(c *wifiprov.Config) { c.ProofDelay = 11 * time.Minute },
	}
	for want, spoil := range bad {
		cfg := good
		spoil(&cfg)
		var m wifiprov.Manager
		err := m.Init(cfg)
		require.ErrorIs(t, err, wifiprov.ErrInvalidArg, want)
		require.ErrorContains(t, err, want)
	}
}

// Endpoints are reserved in the order of their ids (manager.md 9).
func TestInitReservesEndpoints(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.NoError(t, r.m.CreateEndpoint("first"))
		require.NoError(t, r.m.CreateEndpoint("second"))
		require.Equal(t, []string{
			"NewService",
			"SetEndpoint prov-ctrl FF4F", "SetEndpoint prov-scan FF50", "SetEndpoint prov-session FF51",
			"SetEndpoint prov-config FF52", "SetEndpoint proto-ver FF53",
			"SetEndpoint first FF54", "SetEndpoint second FF55",
		}, r.scheme.calls)
		require.Empty(t, r.wifi.takeCalls(), "Init touched the driver")
		require.ErrorIs(t, r.m.Init(r.cfg), wifiprov.ErrInvalidState)
	})
}

// A failed Init leaves nothing behind; the next one succeeds (Q-M1).
func TestQM1_InitAfterFailure(t *testing.T) {
	for _, method := range []string{"NewService", "SetEndpoint"} {
		bubble(t, func(t *testing.T, r *rig) {
			r.scheme.failing[method] = errDriver
			require.ErrorIs(t, r.m.Init(r.cfg), errDriver)
			require.Empty(t, r.takeEvents())
			_, err := r.m.WiFiState()
			require.ErrorIs(t, err, wifiprov.ErrInvalidState)
			if method == "SetEndpoint" {
				require.Equal(t, "Close", r.scheme.calls[len(r.scheme.calls)-1], "the scheme's service was not given back")
			}
			r.scheme.failing[method] = nil
			r.init()
			require.Equal(t, []string{"INIT"}, r.takeEvents())
		})
	}
}

// Init and Deinit can be repeated, with a service in between (Q-M26).
func TestQM26_RepeatedInit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for range 3 {
			r.init()
			r.startOnly()
			r.m.StopProvisioning()
			r.m.Wait()
			r.startOnly()
			require.NoError(t, r.m.Deinit())
			require.Equal(t, []string{"INIT", "START", "END", "START", "END", "DEINIT"}, r.takeEvents())
		}
	})
}

// Settings are for IDLE only; each says which call is missing.
func TestSettingsNeedIdle(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.start()
		require.ErrorIs(t, r.m.DisableAutoStop(0), wifiprov.ErrInvalidState)
		require.ErrorIs(t, r.m.SetAppInfo("x", "1", nil), wifiprov.ErrInvalidState)
		require.ErrorIs(t, r.m.CreateEndpoint("late"), wifiprov.ErrFail)
		require.NotErrorIs(t, r.m.CreateEndpoint("late"), wifiprov.ErrInvalidState)
	})
}

func TestCreateEndpointNames(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.ErrorIs(t, r.m.CreateEndpoint(""), wifiprov.ErrInvalidArg)
		require.ErrorIs(t, r.m.CreateEndpoint("prov-scan"), wifiprov.ErrFail)
		require.NoError(t, r.m.CreateEndpoint("twice"))
		require.ErrorIs(t, r.m.CreateEndpoint("twice"), wifiprov.ErrFail)
		r.scheme.failing["SetEndpoint"] = errDriver
		require.ErrorIs(t, r.m.CreateEndpoint("other"), errDriver)
		r.scheme.failing["SetEndpoint"] = nil
		require.NoError(t, r.m.CreateEndpoint("other"), "a refused name used up its id")
		require.Equal(t, "SetEndpoint other FF55", r.scheme.calls[len(r.scheme.calls)-1])
	})
}

func TestRegisterEndpoint(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		echo := func(_ protocomm.SessionID, req []byte) ([]byte, error) { return append([]byte("re:"), req...), nil }
		r.init()
		require.ErrorIs(t, r.m.RegisterEndpoint("custom", echo), wifiprov.ErrFail)
		r.startOnly()
		require.ErrorIs(t, r.m.RegisterEndpoint("custom", nil), wifiprov.ErrInvalidArg)
		require.ErrorIs(t, r.m.RegisterEndpoint("", echo), wifiprov.ErrInvalidArg)
		require.NoError(t, r.m.RegisterEndpoint("custom", echo))
		require.ErrorIs(t, r.m.RegisterEndpoint("custom", echo), wifiprov.ErrFail)
		require.Equal(t, "72653a01ff", r.answer("custom", "01ff"))
		// More than the original's table of eight holds (Q-T27).
		for _, name := range []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"} {
			require.NoError(t, r.m.RegisterEndpoint(name, echo))
		}
		r.m.UnregisterEndpoint("custom")
		r.m.UnregisterEndpoint("custom")
		_, err := r.request("custom", "01")
		require.ErrorIs(t, err, wifiprov.ErrNotFound)
		r.m.UnregisterEndpoint("prov-config")
		_, err = r.request("prov-config", "5200")
		require.ErrorIs(t, err, wifiprov.ErrNotFound)
	})
}

// The label of the service cannot be taken, a repeated one is replaced, and the
// capabilities are copied (Q-M28).
func TestQM28_AppInfo(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.init()
		require.ErrorIs(t, r.m.SetAppInfo("", "1", nil), wifiprov.ErrInvalidArg)
		require.ErrorIs(t, r.m.SetAppInfo("prov", "1", nil), wifiprov.ErrInvalidArg)
		caps := []string{"cloud"}
		require.NoError(t, r.m.SetAppInfo("my_app", "0.9", caps))
		require.NoError(t, r.m.SetAppInfo("my_app", "1.345", caps))
		caps[0] = "overwritten"
		r.startOnly()
		text, err := r.scheme.pc.Handle(nil, "proto-ver", protocomm.NoSession, []byte("ESP"))
		require.NoError(t, err)
		require.Equal(t, "{\n\t\"my_app\":\t{\n\t\t\"ver\":\t\"1.345\",\n\t\t\"cap\":\t[\"cloud\"]\n\t},\n\t\"prov\":\t{\n\t\t\"ver\":\t\"v1.1\",\n\t\t\"sec_ver\":\t0,\n\t\t\"sec_patch_ver\":\t0,\n\t\t\"cap\":\t[\"no_sec\", \"wifi_scan\"]\n\t}\n}", string(text))
	})
}

func TestVersionStyles(t *testing.T) {
	want := map[wifiprov.VersionStyle]string{
		wifiprov.VersionV44:     "{\n\t\"prov\":\t{\n\t\t\"ver\":\t\"v1.1\",\n\t\t\"cap\":\t[\"no_sec\", \"wifi_scan\"]\n\t}\n}",
		wifiprov.VersionNetProv: "{\n\t\"prov\":\t{\n\t\t\"ver\":\t\"netprov-v1.2\",\n\t\t\"sec_ver\":\t0,\n\t\t\"sec_patch_ver\":\t0,\n\t\t\"cap\":\t[\"no_sec\", \"wifi_prov\", \"wifi_scan\"]\n\t}\n}",
	}
	for style, text := range want {
		bubble(t, func(t *testing.T, r *rig) {
			r.cfg.Version = style
			r.start()
			got, err := r.scheme.pc.Handle(nil, "proto-ver", protocomm.NoSession, []byte("ESP"))
			require.NoError(t, err)
			require.Equal(t, text, string(got))
		})
	}
}

// Subscribers get events after the handler, of every Init, until cancelled.
func TestSubscribe(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var order []string
		r.cfg.EventHandler = func(e wifiprov.Event) { order = append(order, "app "+e.Kind.String()) }
		cancel := r.m.Subscribe(func(e wifiprov.Event) { order = append(order, "loop "+e.Kind.String()) })
		r.init()
		require.NoError(t, r.m.Deinit())
		require.Equal(t, []string{"app INIT", "loop INIT", "app DEINIT", "loop DEINIT"}, order)
		order = nil
		r.init()
		require.Len(t, order, 2)
		cancel()
		cancel()
		order = nil
		require.NoError(t, r.m.Deinit())
		require.Equal(t, []string{"app DEINIT"}, order)
		r.cfg.EventHandler = nil
		r.init() // without any handler
	})
}

// An event is a line for a log, without secrets.
func TestEventString(t *testing.T) {
	station := hal.StationConfig{SSID: "MyNetwork", Passphrase: "passphrase"}
	for want, e := range map[string]wifiprov.Event{
		"START":                                         {Kind: wifiprov.EventStart},
		"CRED_RECV MyNetwork":                           {Kind: wifiprov.EventCredRecv, Station: station},
		"CRED_FAIL access point not found":              {Kind: wifiprov.EventCredFail, Reason: wifiprov.ReasonAPNotFound},
		"SECURITY_SESSION_SETUP_OK session 7":           {Kind: wifiprov.EventSessionSetupOK, Session: 7},
		"TRANSPORT_CONNECTED connection 3":              {Kind: wifiprov.EventTransportConnected, Conn: 3},
		"TRANSPORT_DISCONNECTED connection 3 reason 19": {Kind: wifiprov.EventTransportDisconnected, Conn: 3, ConnReason: 19},
		"TRANSPORT_LOST driver says no":                 {Kind: wifiprov.EventTransportLost, Err: errDriver},
		"TRANSPORT_LOST":                                {Kind: wifiprov.EventTransportLost},
	} {
		require.Equal(t, want, e.String())
	}
}
