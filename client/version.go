// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// Capabilities that a device announces in proto-ver.
const (
	CapNoSecurity = "no_sec"      // security 0
	CapNoPoP      = "no_pop"      // security 1 without proof of possession
	CapWiFiScan   = "wifi_scan"   // prov-scan exists
	CapWiFi       = "wifi_prov"   // network_provisioning for Wi-Fi
	CapThread     = "thread_prov" // network_provisioning for Thread
	CapThreadScan = "thread_scan" // prov-scan exists, for Thread
	CapStatus     = "prov_status" // prov-status exists (docs/prov-status.md)
)

// App is what the device's own application announces about itself.
type App struct {
	Label        string
	Version      string
	Capabilities []string
}

// String describes it in one line that is safe to show on a terminal: "my_app
// 1.2, can [register]".
func (a App) String() string {
	return printable(a.Label + " " + a.Version + ", can [" + strings.Join(a.Capabilities, " ") + "]")
}

// Version is a device's answer to proto-ver. Its texts come from the device: show
// them on a terminal through String, or escaped as by %q.
type Version struct {
	// Text is the whole answer.
	Text string
	// Known is false if Text is not the JSON object that devices send since
	// ESP-IDF v4.0. The following fields are not set then, and the device's
	// capabilities are unknown.
	Known bool
	// Protocol is the protocol's version, "v1.1" or "netprov-v1.2".
	Protocol string
	// SecVersion is `sec_ver`; -1: the device did not say (before v5.0).
	SecVersion int
	// SecPatchVersion is `sec_patch_ver`; 0 when the device did not say.
	SecPatchVersion int
	// Capabilities of the provisioning service.
	Capabilities []string
	// Apps are the application's entries in the device's order.
	Apps []App
}

// Has reports whether the device announced the capability. It is also false if the
// capabilities are unknown.
func (v Version) Has(capability string) bool {
	return slices.Contains(v.Capabilities, capability)
}

// String describes the device in one line that is safe to show on a terminal:
// "v1.1, security 1, can [wifi_scan]", or Text if that is not Known.
func (v Version) String() string {
	if !v.Known {
		return printable(v.Text)
	}
	return printable(v.Protocol + ", " + v.Security().String() + ", can [" + strings.Join(v.Capabilities, " ") + "]")
}

// Security is the mode that SecurityAuto uses with this device.
func (v Version) Security() Security {
	switch {
	case v.SecVersion >= 0:
		return Security0 + Security(min(v.SecVersion, 3)) // 3: one that Connect refuses
	case v.Has(CapNoSecurity):
		return Security0
	}
	return Security1
}

// Version asks the device for its version and capabilities. It needs no session,
// and never harms one.
func (c *Client) Version(ctx context.Context) (*Version, error) {
	var v *Version
	err := c.do(ctx, "version", func() (err error) {
		v, err = c.fetchVersion(ctx, "version")
		return err
	})
	return v, err
}

// fetchVersion is Version in its turn.
func (c *Client) fetchVersion(ctx context.Context, op string) (*Version, error) {
	c.report(StepVersion, "")
	text, err := c.transport.Do(ctx, endpointVersion, []byte("ESP"))
	if err != nil {
		return nil, &Error{Op: op, Endpoint: endpointVersion, Err: err, Hint: hint(op, endpointVersion, err)}
	}
	v := parseVersion(text)
	c.told, c.details = true, v.Has(CapStatus)
	return v, nil
}

// parseVersion parses a proto-ver text. It never fails: it ignores members of an
// unexpected type, and returns a Version that is not Known for a text that is not a
// JSON object.
func parseVersion(text []byte) *Version {
	v := &Version{Text: string(text), SecVersion: -1}
	members, ok := jsonMembers(bytes.TrimRight(text, "\x00"))
	if !ok {
		return v
	}
	// The service's own entry comes last, whatever the application's labels.
	prov := -1
	for i, m := range members {
		if _, ok := jsonMembers(m.value); ok && m.name == "prov" {
			prov = i
		}
	}
	for i, m := range members {
		var e struct {
			Version      json.RawMessage `json:"ver"`
			SecVersion   json.RawMessage `json:"sec_ver"`
			SecPatch     json.RawMessage `json:"sec_patch_ver"`
			Capabilities json.RawMessage `json:"cap"`
		}
		if json.Unmarshal(m.value, &e) != nil || string(m.value) == "null" {
			continue
		}
		if i != prov {
			v.Apps = append(v.Apps, App{m.name, jsonString(e.Version), jsonStrings(e.Capabilities)})
			continue
		}
		v.Protocol = jsonString(e.Version)
		v.SecVersion = jsonNumber(e.SecVersion, -1)
		v.SecPatchVersion = jsonNumber(e.SecPatch, 0)
		v.Capabilities = jsonStrings(e.Capabilities)
	}
	v.Known = prov >= 0
	return v
}

type jsonMember struct {
	name  string
	value json.RawMessage
}

// jsonMembers splits an object into its members, in order; ok is false for
// anything else.
func jsonMembers(b []byte) (members []jsonMember, ok bool) {
	if !json.Valid(b) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		t, err := d.Token()
		name, isName := t.(string)
		var value json.RawMessage
		if err != nil || !isName || d.Decode(&value) != nil {
			return nil, false
		}
		members = append(members, jsonMember{name, value})
	}
	return members, true
}

// jsonString returns a string, or nothing for any other value.
func jsonString(b json.RawMessage) string {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return s
}

// jsonNumber returns a small natural number, or def for any other value.
func jsonNumber(b json.RawMessage, def int) int {
	var n float64
	if len(b) == 0 || string(b) == "null" || json.Unmarshal(b, &n) != nil ||
		n < 0 || n > 1<<20 || n != float64(int(n)) {
		return def
	}
	return int(n)
}

// jsonStrings returns the strings of an array, or nothing for any other value.
func jsonStrings(b json.RawMessage) []string {
	var values []json.RawMessage
	if json.Unmarshal(b, &values) != nil {
		return nil
	}
	var out []string
	for _, value := range values {
		var s *string
		if json.Unmarshal(value, &s) == nil && s != nil {
			out = append(out, *s)
		}
	}
	return out
}
