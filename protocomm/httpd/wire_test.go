// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/protocomm"
)

// The tests of this file look at the own front's bytes; docs/spec/transports.md 1.3
// and the HTTP part of docs/spec/observed.md, row by row.

func TestAnswerBytes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		p := r.dial()
		p.says(post("/prov-session", "hello"),
			"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nSet-Cookie: session=1\r\n\r\nhi")
		p.says(post("/prov-session", "password"),
			"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\nwelcome")
		p.says(post("/echo", "s:x"), ok("s:x"))
		p.says(post("/empty", "s:x"), ok("s:"))
		p.says(post("/proto-ver", "---"), ok(versionText))
	})
}

// A request as esp_prov sends it, and with the headers of the phone apps.
func TestGenuineHeaders(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newRig(t).start().dial()
		p.says("POST /prov-session HTTP/1.1\r\nHost: 192.168.4.1:80\r\nAccept-Encoding: identity\r\nContent-Length: 5\r\n"+
			"Content-type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n\r\nhello", okNew(1, "hi"))
		p.says("POST /prov-session HTTP/1.1\r\nContent-type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n"+
			"Cookie: session=1\r\nUser-Agent: Dalvik/2.1.0 (Linux; U; Android 12)\r\nHost: 192.168.4.1\r\n"+
			"Connection: Keep-Alive\r\nAccept-Encoding: gzip\r\nContent-Length: 8\r\n\r\npassword", ok("welcome"))
	})
}

// Answers of any size, the empty one too, under the security that passes them
// as they are.
func TestCustomAnswerSizes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newRig(t).open().start().dial()
		p.says(post("/empty", "x"), okNew(1, ""))
		p.says(post("/big", "x"), ok(strings.Repeat("x", 60000)))
		p.says(post("/echo", "still there"), ok("still there"))
	})
}

func TestErrorAnswers(t *testing.T) {
	line := func(n int) string { // a header block of n bytes
		const around = "Content-Length: 1\r\nX: \r\n\r\n"
		return "Content-Length: 1\r\nX: " + strings.Repeat("y", n-len(around)) + "\r\n\r\n"
	}
	target := func(n int) string { return "/" + strings.Repeat("a", n-1) }
	tests := []struct {
		name, request string
		status        string
	}{
		{"unknown path", post("/nothing", "x"), "404 Not Found"},
		{"unknown path without a body", "GET /favicon.ico HTTP/1.1\r\n\r\n", "404 Not Found"},
		{"root", post("/", "x"), "404 Not Found"},
		{"case", post("/Prov-Session", "x"), "404 Not Found"},
		{"trailing slash", post("/prov-session/", "x"), "404 Not Found"},
		{"doubled slash", post("//prov-session", "x"), "404 Not Found"},
		{"escaped", post("/prov%2Dsession", "x"), "404 Not Found"},
		{"asterisk", "OPTIONS * HTTP/1.1\r\n\r\n", "404 Not Found"},
		{"no slash", post("xecho", "x"), "404 Not Found"},
		{"no scheme", post("://192.168.4.1/echo", "x"), "400 Bad Request"},
		{"half a scheme", post("http:/192.168.4.1/echo", "x"), "404 Not Found"},
		{"scheme with digits", post("h2://192.168.4.1/echo", "x"), "404 Not Found"},
		{"authority and query", post("http://192.168.4.1?/echo", "x"), "404 Not Found"},
		{"authority only", post("http://192.168.4.1", "x"), "404 Not Found"},
		{"GET", "GET /prov-session HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
		{"PUT", "PUT /prov-session HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "405 Method Not Allowed"},
		{"M-SEARCH", "M-SEARCH /proto-ver HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
		{"MKCALENDAR", "MKCALENDAR /proto-ver HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
		{"GET unknown path", "GET /nothing HTTP/1.1\r\n\r\n", "404 Not Found"},
		{"unknown method", "BREW /prov-session HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"method in lower case", "post /prov-session HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"long method", strings.Repeat("A", 12), "400 Bad Request"},
		{"no method", " /prov-session HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"TLS", "\x16\x03\x01\x02\x00\x01", "400 Bad Request"},
		{"no target", "POST  HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"relative target", "POST .prov-session HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"control in target", "POST /prov\tsession HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"no version", "POST /prov-session\r\n\r\n", "400 Bad Request"},
		{"lower-case version", "POST /prov-session http/1.1\r\n\r\n", "400 Bad Request"},
		{"half a version", "POST /prov-session HTTP/1\r\n\r\n", "400 Bad Request"},
		{"two dots", "POST /prov-session HTTP/1.1.1\r\n\r\n", "400 Bad Request"},
		{"long version", "POST /prov-session HTTP/1000.1000", "400 Bad Request"},
		{"words after version", "POST /prov-session HTTP/1.1 now\r\n\r\n", "400 Bad Request"},
		{"CR in request line", "POST /prov-session HTTP/1.1\rX", "400 Bad Request"},
		{"header without colon", "POST /prov-session HTTP/1.1\r\nHost\r\n\r\n", "400 Bad Request"},
		{"blank in header name", "POST /prov-session HTTP/1.1\r\nContent-Length : 1\r\n\r\n", "400 Bad Request"},
		{"folded header", "POST /prov-session HTTP/1.1\r\nX: a\r\n b\r\n\r\n", "400 Bad Request"},
		{"empty header name", "POST /prov-session HTTP/1.1\r\n: a\r\n\r\n", "400 Bad Request"},
		{"control in header", "POST /prov-session HTTP/1.1\r\nX: a\x00b\r\n\r\n", "400 Bad Request"},
		{"CR in header", "POST /prov-session HTTP/1.1\r\nX: a\rb\r\n\r\n", "400 Bad Request"},
		{"CR before the end", "POST /prov-session HTTP/1.1\r\n\rX", "400 Bad Request"},
		{"HTTP/2.0", "POST /prov-session HTTP/2.0\r\n\r\n", "505 Version Not Supported"},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request"},
		{"HTTP/0.9", "POST /prov-session HTTP/0.9\r\n\r\n", "505 Version Not Supported"},
		{"HTTP/1.2", "POST /prov-session HTTP/1.2\r\n\r\n", "505 Version Not Supported"},
		{"HTTP/1.10", "POST /prov-session HTTP/1.10\r\n\r\n", "505 Version Not Supported"},
		{"target of 512 bytes", post(target(512), "x"), "404 Not Found"},
		{"target of 513 bytes", post(target(513), "x"), "414 URI Too Long"},
		{"endless target", "POST " + target(5000), "414 URI Too Long"},
		{"query of 513 bytes", post("/echo?"+target(507), "x"), "414 URI Too Long"},
		{"header block of 1024 bytes", "POST /nothing HTTP/1.1\r\n" + line(1024) + "x", "404 Not Found"},
		{"header block of 1025 bytes", "POST /nothing HTTP/1.1\r\n" + line(1025) + "x", "431 Request Header Fields Too Large"},
		{"endless header", "POST /nothing HTTP/1.1\r\nX: " + strings.Repeat("y", 9000), "431 Request Header Fields Too Large"},
		{"endless headers", "POST /nothing HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 1000), "431 Request Header Fields Too Large"},
	}
	inBubble(t, func(t *testing.T) {
		r := newRig(t).start()
		for _, tt := range tests {
			p := r.dial().send(tt.request)
			answer := p.got()
			head, body, _ := strings.Cut(answer, "\r\n\r\n")
			lines := strings.Split(head, "\r\n")
			require.Equal(t, "HTTP/1.1 "+tt.status, lines[0], tt.name)
			require.Equal(t, "Content-Type: text/html", lines[1], tt.name)
			require.NotContains(t, head, "Set-Cookie", tt.name)
			require.NotEmpty(t, body, tt.name)
			require.NotContains(t, body, "\n", "one sentence: "+tt.name)
			require.True(t, p.closed(), tt.name)
			require.Empty(t, r.called(), tt.name)
		}
	})
}

// An answer to HEAD has no body, but its length.
func TestHeadRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newRig(t).start().dial().send("HEAD /prov-session HTTP/1.1\r\n\r\n")
		require.Equal(t, "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/html\r\nContent-Length: 34\r\n"+
			"Connection: close\r\n\r\n", p.got())
		require.True(t, p.closed())
	})
}

func TestHeaderLimitOption(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, func(_ *rig, _ *protocomm.Config, c *Config) { c.MaxHeader = 30 }).open().start()
		r.dial().says("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nX: 3456\r\n\r\nx", okNew(1, "x"))
		p := r.dial().send("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nX: 34567\r\n\r\nx")
		require.Contains(t, p.got(), "HTTP/1.1 431 ")
	})
}

// What the original ignores.
func TestAcceptedRequests(t *testing.T) {
	tests := []struct{ name, request string }{
		{"no Host", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"},
		{"two Hosts", "POST /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\nx"},
		{"Expect", post("/echo", "x", "Expect: 100-continue\r\n")},
		{"unknown expectation", post("/echo", "x", "Expect: wonders\r\n")},
		{"Upgrade", post("/echo", "x", "Connection: Upgrade\r\nUpgrade: h2c\r\n")},
		{"content type", post("/echo", "x", "Content-Type: application/x-www-form-urlencoded\r\n")},
		{"full URL", post("http://192.168.4.1/echo", "x")},
		{"full URL in capitals", post("HTTP://192.168.4.1:80/echo?a", "x")},
		{"another scheme", post("ftp://192.168.4.1/echo", "x")},
		{"scheme without a host", post("http:///echo", "x")},
		{"fragment", post("/echo#top", "x")},
		{"header name in capitals", "POST /echo HTTP/1.1\r\nCONTENT-LENGTH: 1\r\n\r\nx"},
		{"no blank after colon", "POST /echo HTTP/1.1\r\nContent-Length:1\r\n\r\nx"},
		{"blanks and tabs around value", "POST /echo HTTP/1.1\r\nContent-Length: \t 1 \t\r\n\r\nx"},
		{"the same length twice", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
		{"leading zeros", "POST /echo HTTP/1.1\r\nContent-Length: 0001\r\n\r\nx"},
		{"line feeds only", "POST /echo HTTP/1.1\nContent-Length: 1\n\nx"},
		{"empty lines before", "\r\n\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"},
		{"high bytes in a header", "POST /echo HTTP/1.1\r\nX: \xc3\xa4\r\nContent-Length: 1\r\n\r\nx"},
	}
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		p := r.dial()
		p.says(post("/who", "x"), okNew(1, "1"))
		for _, tt := range tests {
			p.send(tt.request)
			require.Equal(t, ok("x"), p.got(), tt.name)
			require.False(t, p.closed(), tt.name)
		}
	})
}

// Closed without a word, for what the header says.
func TestDroppedRequests(t *testing.T) {
	tests := []struct{ name, request string }{
		{"no length", "POST /echo HTTP/1.1\r\n\r\n"},
		{"length 0", "POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
		{"chunked", "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
		{"chunked with length", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"},
		{"chunked version request", "POST /proto-ver HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"other coding", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\nx"},
		{"length 4097", post("/echo", strings.Repeat("x", 4097))},
		{"huge length", "POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\nx"},
		{"length that wraps to 1", "POST /echo HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n\r\nx"},
		{"negative length", "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\nx"},
		{"length with a sign", "POST /echo HTTP/1.1\r\nContent-Length: +1\r\n\r\nx"},
		{"hexadecimal length", "POST /echo HTTP/1.1\r\nContent-Length: 0x1\r\n\r\nx"},
		{"empty length", "POST /echo HTTP/1.1\r\nContent-Length:\r\n\r\nx"},
		{"list of lengths", "POST /echo HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx"},
		{"two lengths", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"},
		{"three lengths", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\nxx"},
		{"bad length of a version request", "POST /proto-ver HTTP/1.1\r\nContent-Length: x\r\n\r\n"},
	}
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		for _, tt := range tests {
			p := r.dial().send(tt.request)
			require.Empty(t, p.got(), tt.name)
			require.True(t, p.closed(), tt.name)
			require.Equal(t, time.Duration(0), p.endedAt.Sub(p.dialedAt), tt.name)
		}
		require.Empty(t, r.called())
	})
}

func TestLargestBody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newRig(t).open().start().dial()
		body := strings.Repeat("x", 4096)
		p.says(post("/echo", body), okNew(1, body))
		p.says(post("/echo", body)+post("/echo", body), ok(body)+ok(body))
		p.says(post("/echo", "x"), ok("x"))
	})
}

// Requests that arrive together are answered in order; bytes that arrive one
// by one make no difference.
func TestPipelineAndSplits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		requests := post("/echo", "one") + "\r\n" + post("/proto-ver", "") + post("/empty", "x") + post("/echo", "four")
		answers := okNew(1, "one") + ok(versionText) + ok("") + ok("four")
		p := r.dial()
		p.says(requests, answers)

		p = r.dial()
		for i := range len(requests) {
			p.nc.Write([]byte{requests[i]})
			synctest.Wait()
		}
		require.Equal(t, strings.Replace(answers, "session=1", "session=2", 1), p.got())
		require.False(t, p.closed())
	})
}

// A handler may do with its request what it wants.
func TestRequestMayBeOverwritten(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		must(t, r.pc.AddEndpoint("append", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
			return append(req, "!!!!!!!!"...), nil
		}))
		r.dial().says(post("/append", "one")+post("/append", "two"), okNew(1, "one!!!!!!!!")+ok("two!!!!!!!!"))
	})
}

// A request that follows one that is refused is not served.
func TestNothingAfterRefusal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		p := r.dial().send(post("/nothing", "x"), post("/echo", "x"))
		require.Equal(t, 1, strings.Count(p.got(), "HTTP/1.1 "))
		p = r.dial().send("POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", post("/echo", "x"))
		require.Empty(t, p.got())
		require.Empty(t, r.called())
	})
}

// A client may close its side as soon as it has asked.
func TestHalfClosedClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		p := r.dial()
		p.nc.Write([]byte(post("/echo", "x")))
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		require.Equal(t, okNew(1, "x"), p.got())
		require.True(t, p.closed())
	})
}
