// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/test/spectest"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// announced is a security that only announces itself: what proto-ver says is the
// security's matter, whatever the mode.
type announced struct {
	protocomm.Security
	version, patch int
	capability     string
}

func (s announced) Version() int       { return s.version }
func (s announced) PatchVersion() int  { return s.patch }
func (s announced) Capability() string { return s.capability }

// Every text of vectors/version.json as the manager announces it; that of a
// Thread device is for a build that there is none of.
func TestVersionVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Style, Network, Text string
			Security                   int
			SecPatchVer                *int `json:"sec_patch_ver"`
			NoSec                      bool `json:"no_sec"`
			NoPop                      bool `json:"no_pop"`
			AppInfo                    []struct {
				Label, Version string
				Capabilities   []string
			} `json:"app_info"`
		}
	}
	spectest.ReadJSON(t, &file, "vectors", "version.json")
	require.NotEmpty(t, file.Cases)
	styles := map[string]wifiprov.VersionStyle{
		"v4.4": wifiprov.VersionV44, "v5.x wifi manager": wifiprov.VersionV5, "network_provisioning": wifiprov.VersionNetProv,
	}
	thread := 0
	for _, c := range file.Cases {
		if c.Network == "thread" {
			thread++
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				sec := announced{Security: sec0.New(), version: c.Security, patch: -1}
				if c.SecPatchVer != nil {
					sec.patch = *c.SecPatchVer
				}
				switch {
				case c.NoSec:
					sec.capability = "no_sec"
				case c.NoPop:
					sec.capability = "no_pop"
				}
				style, known := styles[c.Style]
				require.True(t, known, c.Style)
				r.cfg.Version = style
				r.init()
				for _, a := range c.AppInfo {
					require.NoError(t, r.m.SetAppInfo(a.Label, a.Version, a.Capabilities))
				}
				require.NoError(t, r.m.StartProvisioning(sec, "PROV_TEST", ""))
				text, err := r.scheme.pc.Handle(nil, "proto-ver", protocomm.NoSession, []byte("ESP"))
				require.NoError(t, err)
				require.Equal(t, c.Text, string(text))
			})
		})
	}
	require.Equal(t, 1, thread)
}

// network_provisioning's Wi-Fi messages are those of the older manager, so every
// vector of theirs is answered alike; Thread messages are refused in the answer
// that fits them, and are unknown under the older names (endpoints.md 2.5, 3.6,
// 4).
func TestThreadMessagesAreRefused(t *testing.T) {
	var file struct {
		Thread []struct{ Name, Endpoint, Request, Response string }
	}
	spectest.ReadJSON(t, &file, "vectors", "endpoints.json")
	require.NotEmpty(t, file.Thread)
	for _, v := range file.Thread {
		t.Run(v.Name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.start()
				_, err := r.request(v.Endpoint, v.Request)
				require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
			})
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Version = wifiprov.VersionNetProv
				r.start()
				resp, err := r.request(v.Endpoint, v.Request)
				if v.Name == "ScanThreadResult" {
					require.ErrorIs(t, err, wifiprov.ErrInvalidArg)
					return
				}
				require.NoError(t, err)
				status, msg, payload := refusal(t, v.Endpoint, resp)
				wantStatus, wantMsg, wantPayload := refusal(t, v.Endpoint, v.Response)
				require.Equal(t, pb.StatusSuccess, wantStatus)
				require.Equal(t, pb.StatusInvalidArgument, status)
				require.Equal(t, wantMsg, msg)
				require.Equal(t, wantPayload, payload)
				require.NotZero(t, payload)
			})
		})
	}
}

// refusal takes an answer apart.
func refusal(t *testing.T, endpoint, body string) (status pb.Status, msg, payload int32) {
	t.Helper()
	raw, err := hex.DecodeString(body)
	require.NoError(t, err)
	switch endpoint {
	case "prov-config":
		var m pb.WiFiConfigPayload
		require.NoError(t, m.Unmarshal(raw))
		status = m.RespGetThreadStatus.Status | m.RespSetThreadConfig.Status | m.RespApplyThreadConfig.Status
		return status, int32(m.Msg), int32(m.WhichPayload)
	case "prov-scan":
		var m pb.WiFiScanPayload
		require.NoError(t, m.Unmarshal(raw))
		return m.Status, int32(m.Msg), int32(m.WhichPayload)
	}
	var m pb.WiFiCtrlPayload
	require.NoError(t, m.Unmarshal(raw))
	return m.Status, int32(m.Msg), int32(m.WhichPayload)
}
