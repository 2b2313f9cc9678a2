// SPDX-License-Identifier: Apache-2.0

// Package protover builds the text of the proto-ver endpoint (manager.md 8):
// JSON in the layout of the printer that the C original uses, byte for byte,
// since some programs compare it as text.
package protover

// Style is whose text to build.
type Style uint8

// Styles.
const (
	// V5 is the Wi-Fi manager of ESP-IDF v5: "v1.1" with sec_ver.
	V5 Style = iota
	// V44 is the Wi-Fi manager of ESP-IDF v4: "v1.1", no sec_ver.
	V44
	// NetProv is network_provisioning 1.x: "netprov-v1.2" with sec_ver and
	// the capability wifi_prov.
	NetProv
)

// App is one member that the application added.
type App struct {
	Label        string
	Version      string
	Capabilities []string
}

// Info is what the text says.
type Info struct {
	Style Style
	Apps  []App // in call order
	// Security and Patch are the mode and its patch version; Patch is left
	// out of the text when it is negative (releases before the nonce fix).
	Security, Patch int
	// Capability is "no_sec", "no_pop" or empty.
	Capability string
	// Networks are the capabilities that come last: "wifi_scan", or with
	// NetProv "wifi_prov" and "wifi_scan".
	Networks []string
}

// Append appends the text to dst. It has no line feed at its end.
func Append(dst []byte, in Info) []byte {
	dst = append(dst, "{\n"...)
	for _, app := range in.Apps {
		dst = append(dst, '\t')
		dst = appendString(dst, app.Label)
		dst = append(dst, ":\t{\n"...)
		dst = appendMember(dst, "ver")
		dst = appendString(dst, app.Version)
		dst = append(dst, ",\n"...)
		dst = appendMember(dst, "cap")
		dst = appendArray(dst, app.Capabilities)
		dst = append(dst, "\n\t},\n"...)
	}
	dst = append(dst, "\t\"prov\":\t{\n"...)
	version := "v1.1"
	if in.Style == NetProv {
		version = "netprov-v1.2"
	}
	dst = appendMember(dst, "ver")
	dst = appendString(dst, version)
	dst = append(dst, ",\n"...)
	if in.Style != V44 {
		dst = appendMember(dst, "sec_ver")
		dst = appendInt(dst, in.Security)
		dst = append(dst, ",\n"...)
		if in.Patch >= 0 {
			dst = appendMember(dst, "sec_patch_ver")
			dst = appendInt(dst, in.Patch)
			dst = append(dst, ",\n"...)
		}
	}
	dst = appendMember(dst, "cap")
	var caps []string
	if in.Capability != "" {
		caps = append(caps, in.Capability)
	}
	dst = appendArray(dst, append(caps, in.Networks...))
	return append(dst, "\n\t}\n}"...)
}

// appendMember appends a key at the second level.
func appendMember(dst []byte, key string) []byte {
	dst = append(dst, "\t\t"...)
	dst = appendString(dst, key)
	return append(dst, ":\t"...)
}

func appendArray(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

func appendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendInt appends a small number; those here are below ten.
func appendInt(dst []byte, n int) []byte {
	if n >= 10 {
		dst = appendInt(dst, n/10)
	}
	return append(dst, byte('0'+n%10))
}
