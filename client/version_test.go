// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/test/spectest"
)

// specFile reads a file of the specification.
func specFile(t testing.TB, name string) []byte {
	b, err := os.ReadFile(spectest.Path(t, name))
	require.NoError(t, err)
	return b
}

func TestParseVersion(t *testing.T) {
	unknown := func(text string) Version { return Version{Text: text, SecVersion: -1} }
	tests := []struct {
		text     string
		want     Version
		security Security
	}{
		{text: "", want: unknown("")},
		{text: "v1.0", want: unknown("v1.0")},
		{text: "1", want: unknown("1")},
		{text: "null", want: unknown("null")},
		{text: "[]", want: unknown("[]")},
		{text: `"prov"`, want: unknown(`"prov"`)},
		{text: `{}`, want: unknown(`{}`)},
		{text: `{"prov":`, want: unknown(`{"prov":`)},
		{text: `{"prov":{}} x`, want: unknown(`{"prov":{}} x`)},
		{text: `{"prov":1}`, want: unknown(`{"prov":1}`)},
		{text: `{"prov":null}`, want: unknown(`{"prov":null}`)},
		{text: "\xff{}", want: unknown("\xff{}")},
		{text: `{"prov":{}}`, want: Version{Known: true, SecVersion: -1}},
		{text: "{\"prov\":{\"ver\":\"v1.1\"}}\x00", want: Version{Known: true, Protocol: "v1.1", SecVersion: -1}},
		{text: `{"prov":{"ver":"v1.1","cap":["no_sec"]}}`, security: Security0,
			want: Version{Known: true, Protocol: "v1.1", SecVersion: -1, Capabilities: []string{"no_sec"}}},
		{text: `{"prov":{"ver":"v1.1","sec_ver":1,"cap":["no_sec"]}}`, security: Security1,
			want: Version{Known: true, Protocol: "v1.1", SecVersion: 1, Capabilities: []string{"no_sec"}}},
		{text: `{"prov":{"sec_ver":2,"sec_patch_ver":1}}`, security: Security2,
			want: Version{Known: true, SecVersion: 2, SecPatchVersion: 1}},
		{text: `{"prov":{"sec_ver":7}}`, security: Security2 + 1, want: Version{Known: true, SecVersion: 7}},
		{text: `{"prov":{"sec_ver":1e0}}`, want: Version{Known: true, SecVersion: 1}},
		{text: `{"prov":{"sec_ver":0}}`, security: Security0, want: Version{Known: true, SecVersion: 0}},
		{text: `{"prov":{"sec_ver":-1}}`, want: Version{Known: true, SecVersion: -1}},
		{text: `{"prov":{"sec_ver":1.5}}`, want: Version{Known: true, SecVersion: -1}},
		{text: `{"prov":{"sec_ver":1e300}}`, want: Version{Known: true, SecVersion: -1}},
		{text: `{"prov":{"sec_ver":null,"ver":null,"cap":null}}`, want: Version{Known: true, SecVersion: -1}},
		{text: `{"prov":{"sec_ver":"2","ver":3,"cap":"no_sec","sec_patch_ver":[]}}`, want: Version{Known: true, SecVersion: -1}},
		{text: `{"prov":{"cap":["a",1,null,"b",{}]}}`, want: Version{Known: true, SecVersion: -1, Capabilities: []string{"a", "b"}}},
		{text: `{"b":{"ver":"2","cap":["x"]},"n":1,"z":null,"a":{"ver":"1"},"b":{},"prov":{"cap":["wifi_scan"]}}`,
			want: Version{Known: true, SecVersion: -1, Capabilities: []string{"wifi_scan"},
				Apps: []App{{"b", "2", []string{"x"}}, {"a", "1", nil}, {"b", "", nil}}}},
		{text: `{"prov":{"ver":"mine","cap":["no_sec"]},"prov":{"ver":"v1.1"}}`,
			want: Version{Known: true, Protocol: "v1.1", SecVersion: -1, Apps: []App{{"prov", "mine", []string{"no_sec"}}}}},
	}
	for _, tc := range tests {
		tc.want.Text = tc.text
		if tc.security == SecurityAuto {
			tc.security = Security1
		}
		got := parseVersion([]byte(tc.text))
		require.Equal(t, tc.want, *got, tc.text)
		require.Equal(t, tc.security, got.Security(), tc.text)
	}
	require.False(t, parseVersion([]byte(strings.Repeat("[", 1<<16))).Known)
	require.False(t, parseVersion([]byte(`{"prov":`+strings.Repeat(`{"a":`, 1<<13)+"1"+strings.Repeat("}", 1<<13)+"}")).Has("a"))
}

func TestHas(t *testing.T) {
	v := parseVersion([]byte(`{"app":{"cap":["cloud"]},"prov":{"cap":["no_pop","wifi_scan"]}}`))
	require.True(t, v.Has(CapNoPoP))
	require.True(t, v.Has(CapWiFiScan))
	require.False(t, v.Has(CapNoSecurity))
	require.False(t, v.Has("cloud"), "an application's")
	require.False(t, v.Has(""))
}

// The texts of the specification's vectors.
func TestParseVersionVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name     string
			Security int
			Patch    *int  `json:"sec_patch_ver"`
			NoSec    bool  `json:"no_sec"`
			NoPoP    bool  `json:"no_pop"`
			AppInfo  []App `json:"-"`
			Apps     []struct {
				Label, Version string
				Capabilities   []string
			} `json:"app_info"`
			Network string
			Text    string
		}
	}
	require.NoError(t, json.Unmarshal(specFile(t, "vectors/version.json"), &file))
	require.NotEmpty(t, file.Cases)
	for _, tc := range file.Cases {
		t.Run(tc.Name, func(t *testing.T) {
			v := parseVersion([]byte(tc.Text))
			require.True(t, v.Known)
			require.Equal(t, tc.NoSec, v.Has(CapNoSecurity))
			require.Equal(t, tc.NoPoP, v.Has(CapNoPoP))
			require.Equal(t, tc.Network == "wifi", v.Has(CapWiFiScan))
			require.Equal(t, Security0+Security(tc.Security), v.Security())
			if tc.Patch != nil {
				require.Equal(t, *tc.Patch, v.SecPatchVersion)
			} else {
				require.Zero(t, v.SecPatchVersion)
			}
			require.Len(t, v.Apps, len(tc.Apps))
			for i, a := range tc.Apps {
				require.Equal(t, fmt.Sprint(a.Label, a.Version, a.Capabilities),
					fmt.Sprint(v.Apps[i].Label, v.Apps[i].Version, v.Apps[i].Capabilities))
			}
		})
	}
}
