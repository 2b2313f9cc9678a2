// SPDX-License-Identifier: Apache-2.0

package protover

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

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
	styles := map[string]Style{"v4.4": V44, "v5.x wifi manager": V5, "network_provisioning": NetProv}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			style, known := styles[c.Style]
			require.True(t, known, "unknown style %q", c.Style)
			in := Info{Style: style, Security: c.Security, Patch: -1}
			if c.SecPatchVer != nil {
				in.Patch = *c.SecPatchVer
			}
			switch {
			case c.NoSec:
				in.Capability = "no_sec"
			case c.NoPop:
				in.Capability = "no_pop"
			}
			if style == NetProv {
				in.Networks = append(in.Networks, c.Network+"_prov")
			}
			in.Networks = append(in.Networks, c.Network+"_scan")
			for _, a := range c.AppInfo {
				in.Apps = append(in.Apps, App{a.Label, a.Version, a.Capabilities})
			}
			require.Equal(t, c.Text, string(Append(nil, in)))
		})
	}
}

// The layout is also JSON, whatever the strings hold.
func TestVersionIsJSON(t *testing.T) {
	all := make([]byte, 0, 0x80)
	for c := byte(0); c < 0x80; c++ {
		all = append(all, c)
	}
	text := Append(nil, Info{Apps: []App{{string(all), string(all), []string{string(all), ""}}}, Security: 12, Patch: 0})
	var got map[string]struct {
		Ver    string
		SecVer int `json:"sec_ver"`
		Cap    []string
	}
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, string(all), got[string(all)].Ver)
	require.Equal(t, []string{string(all), ""}, got[string(all)].Cap)
	require.Equal(t, 12, got["prov"].SecVer)
	require.Equal(t, []string{}, got["prov"].Cap)
	require.Contains(t, string(text), `\b\t\n\u000b\f\r\u000e`)
}
