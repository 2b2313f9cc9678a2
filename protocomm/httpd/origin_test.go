// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// Web pages of elsewhere do not reach a device, although the browser does.

func headers(lines ...string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// to is a request for a host.
func to(host string, lines ...string) string {
	return strings.Replace(post("/echo", "x", headers(lines...)), "Host: 192.168.4.1\r\n", host, 1)
}

var fromPages = []struct {
	name, request string
	allowed       bool
}{
	{"no page", to("Host: 192.168.4.1\r\n"), true},
	{"a name that is no page's", to("Host: device.example\r\n"), true},
	{"a foreign page", to("Host: 192.168.4.1\r\n", "Origin: http://evil.example"), false},
	{"a foreign page, header in lower case", to("Host: 192.168.4.1\r\n", "origin: http://evil.example"), false},
	{"a sandboxed page", to("Host: 192.168.4.1\r\n", "Origin: null"), false},
	{"an empty origin", to("Host: 192.168.4.1\r\n", "Origin: "), false},
	{"a page of the device", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.1", "Sec-Fetch-Site: same-origin"), true},
	{"its port given", to("Host: 192.168.4.1:80\r\n", "Origin: http://192.168.4.1"), true},
	{"another port", to("Host: 192.168.4.1:8080\r\n", "Origin: http://192.168.4.1:8080"), true},
	{"behind TLS", to("Host: 192.168.4.1:443\r\n", "Origin: https://192.168.4.1"), true},
	{"IPv6", to("Host: [fe80::1]:8080\r\n", "Origin: http://[fe80::1]:8080"), true},
	{"mDNS", to("Host: Prov-1234.local\r\n", "Origin: http://prov-1234.local"), true},
	{"loopback", to("Host: localhost:8080\r\n", "Origin: http://localhost:8080"), true},
	{"another server on the device", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.1:8080"), false},
	{"a page of a neighbour", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.10"), false},
	{"a page that is named like it", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.1.evil.example"), false},
	{"another scheme", to("Host: 192.168.4.1\r\n", "Origin: ftp://192.168.4.1"), false},
	{"an extension", to("Host: 192.168.4.1\r\n", "Origin: chrome-extension://192.168.4.1"), false},
	{"a broken host", to("Host: [fe80::1\r\n", "Origin: http://[fe80::1"), false},
	{"a name that leads to the device", to("Host: evil.example\r\n", "Origin: http://evil.example", "Sec-Fetch-Site: same-origin"), false},
	{"the same, without an origin", to("Host: evil.example\r\n", "Sec-Fetch-Site: same-origin"), false},
	{"two origins", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.1", "Origin: http://evil.example"), false},
	{"cross-site", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: cross-site"), false},
	{"cross-site, a good origin", to("Host: 192.168.4.1\r\n", "Origin: http://192.168.4.1", "Sec-Fetch-Site: cross-site"), false},
	{"same-site", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: same-site"), false},
	{"same-origin", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: same-origin"), true},
	{"the user himself", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: none"), true},
	{"a site of tomorrow", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: elsewhere"), false},
	{"two sites", to("Host: 192.168.4.1\r\n", "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"), false},
	{"a page that is allowed", to("Host: 192.168.4.1\r\n", "Origin: https://app.example:8443", "Sec-Fetch-Site: cross-site"), true},
	{"in capitals", to("Host: 192.168.4.1\r\n", "Origin: HTTPS://App.Example:8443"), true},
	{"another port of it", to("Host: 192.168.4.1\r\n", "Origin: https://app.example"), false},
	{"twice", to("Host: 192.168.4.1\r\n", "Origin: https://app.example:8443", "Origin: https://app.example:8443"), false},
	{"the device's own public name", to("Host: device.example\r\n", "Origin: http://device.example", "Sec-Fetch-Site: same-origin"), true},
}

func TestForeignPagesAreRefused(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(func(_ *rig, _ *protocomm.Config, c *Config) {
			c.Origins = []string{"https://app.example:8443", "http://device.example"}
		}).open().start()
		for _, tt := range fromPages {
			before := r.called()
			got := r.dial().outcome(tt.request)
			if tt.allowed {
				require.Regexp(t, `^200 session=\d+ x$`, got, tt.name)
			} else {
				require.Equal(t, "403 closed", got, tt.name)
				require.Equal(t, before, r.called(), tt.name)
			}
		}
		// Where a page has no business it does not matter.
		require.Contains(t, r.dial().outcome(post("/nothing", "x", "Origin: http://evil.example\r\n")), "404")
		require.Equal(t, "403 closed", r.dial().outcome(post("/proto-ver", "x", "Origin: http://evil.example\r\n")))
	})
}

// Without Config.Origins the device's pages alone may talk to it.
func TestNoPageIsAllowedByDefault(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().open().start()
		for _, origin := range []string{"https://app.example:8443", "null", "http://evil.example"} {
			require.Equal(t, "403 closed", r.dial().outcome(post("/echo", "x", "Origin: "+origin+"\r\n")))
			require.Equal(t, "405 closed", r.dial().outcome("OPTIONS /echo HTTP/1.1\r\nHost: a\r\nOrigin: "+origin+
				"\r\nAccess-Control-Request-Method: POST\r\n\r\n"))
		}
	})
}

const app = "Origin: https://app.example\r\n"

func allowApp(_ *rig, _ *protocomm.Config, c *Config) { c.Origins = []string{"https://app.example"} }

// lines returns the header lines of an answer in order of the alphabet, and its
// body.
func answerLines(t *testing.T, answer string) (status string, lines map[string]string, body string) {
	head, body, found := strings.Cut(answer, "\r\n\r\n")
	require.True(t, found, "%q", answer)
	lines = map[string]string{}
	for i, line := range strings.Split(head, "\r\n") {
		if i == 0 {
			status = line
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		lines[name] = value
	}
	return status, lines, body
}

// A page that is allowed asks first, and may read the answer.
func TestAllowedPage(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		p := newRig(allowApp).start().dial()
		preflight := "OPTIONS /prov-session HTTP/1.1\r\nHost: 192.168.4.1\r\n" + app + "Access-Control-Request-Method: POST\r\n"
		want := map[string]string{
			"Access-Control-Allow-Origin":      "https://app.example",
			"Access-Control-Allow-Credentials": "true",
			"Access-Control-Allow-Methods":     "POST",
			"Access-Control-Allow-Headers":     "Content-Type",
			"Access-Control-Max-Age":           "600",
			"Vary":                             "Origin",
		}
		for range 2 {
			status, lines, body := answerLines(t, p.send(preflight, "\r\n").got())
			require.Equal(t, "HTTP/1.1 204 No Content", status)
			require.Equal(t, want, lines)
			require.Empty(t, body)
		}
		_, lines, _ := answerLines(t, p.send(preflight, "Access-Control-Request-Private-Network: true\r\n\r\n").got())
		want["Access-Control-Allow-Private-Network"] = "true"
		require.Equal(t, want, lines)

		status, lines, body := answerLines(t, p.send(hello(app)).got())
		require.Equal(t, "HTTP/1.1 200 OK", status)
		require.Equal(t, "hi", body)
		require.Equal(t, map[string]string{
			"Content-Type": "text/html", "Content-Length": "2", "Set-Cookie": "session=1", "Vary": "Origin",
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
		}, lines)
		require.Contains(t, p.send(password(app)).got(), "\r\n\r\nwelcome")
		require.Contains(t, p.send(echo(app)).got(), "\r\n\r\ns:x")
		require.NotContains(t, p.send(echo()).got(), "Access-Control")
		require.False(t, p.closed())
	})
}

// What is no question of an allowed page's browser is answered as before.
func TestOtherOptions(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig(allowApp).start()
		for _, lines := range []string{
			"", app, "Access-Control-Request-Method: POST\r\n",
			app + "Access-Control-Request-Method: POST\r\nContent-Length: 1\r\n",
			app + "Access-Control-Request-Method: POST\r\nTransfer-Encoding: chunked\r\n",
		} {
			require.Contains(t, r.dial().outcome("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n"+lines+"\r\n"), "405", lines)
		}
		require.Contains(t, r.dial().outcome("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n"+app+
			"Access-Control-Request-Method: POST\r\n\r\n"), "404")
		require.Equal(t, "405 closed", r.dial().outcome("GET /echo HTTP/1.1\r\nHost: a\r\n"+app+
			"Access-Control-Request-Method: POST\r\n\r\n"))
	})
}

func TestOriginsAreChecked(t *testing.T) {
	for _, origin := range []string{"", "app.example", "https://", "https://app.example/", "https://a@b", "https://a b", "null", "*"} {
		everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
			r := newRig(func(_ *rig, _ *protocomm.Config, c *Config) { c.Origins = []string{"http://a", origin} })
			if r.closing != nil {
				r.t.Cleanup(r.stop)
			}
			require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg, origin)
		})
	}
	r, _ := onPlatform(t, func(c *Config) { c.Origins = []string{"http://a"} })
	require.ErrorIs(t, r.server.Start(r.pc), protocomm.ErrInvalidArg)
}
