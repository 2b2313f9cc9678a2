// SPDX-License-Identifier: Apache-2.0

package httpd

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// When a client wants the connection closed after its answer, it is.
func TestLastRequest(t *testing.T) {
	request := func(version, connection string) string {
		r := strings.Replace(post("/echo", "x", connection), "HTTP/1.1", version, 1)
		return r
	}
	const length = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n"
	const closes, keeps, silent = length + "Connection: close\r\n\r\nx", length + "Connection: keep-alive\r\n\r\nx", length + "\r\nx"
	tests := []struct{ version, connection, answer string }{
		{"HTTP/1.1", "", silent},
		{"HTTP/1.1", "Connection: keep-alive\r\n", silent},
		{"HTTP/1.1", "Connection: Upgrade\r\n", silent},
		{"HTTP/1.1", "Connection: closed\r\n", silent},
		{"HTTP/1.1", "Connection: close\r\n", closes},
		{"HTTP/1.1", "connection:\tClose \r\n", closes},
		{"HTTP/1.1", "Connection: te , close,x\r\n", closes},
		{"HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", closes},
		{"HTTP/1.0", "", closes},
		{"HTTP/1.0", "Connection: close\r\n", closes},
		{"HTTP/1.0", "Connection: Keep-Alive\r\n", keeps},
		{"HTTP/1.0", "Connection: keep-alive, close\r\n", closes},
	}
	inBubble(t, func(t *testing.T) {
		r := newRig(t).open().start()
		r.dial().says(post("/echo", "x"), okNew(1, "x"))
		for _, tt := range tests {
			p := r.dial()
			name := tt.version + " " + tt.connection
			want := strings.Replace(tt.answer, "Content-Length: 1\r\n", "Content-Length: 1\r\nSet-Cookie: session=%\r\n", 1)
			got := p.send(request(tt.version, tt.connection), post("/echo", "y")).got()
			_, id, _ := strings.Cut(got, "session=")
			id, _, _ = strings.Cut(id, "\r")
			want = strings.Replace(want, "%", id, 1)
			if tt.answer != closes {
				want += ok("y")
			}
			require.Equal(t, want, got, name)
			require.Equal(t, tt.answer == closes, p.closed(), name)
			_, err := p.nc.Write([]byte("\r\n"))
			require.NoError(t, err, "the answer could be lost: "+name)
		}
	})
}

// The same on an application's server, and the session goes on with its cookie
// as it does in Python's http.client.
func TestLastRequestKeepsSession(t *testing.T) {
	everyFront(t, func(t *testing.T, newRig func(...option) *rig) {
		r := newRig().start()
		const last = "Connection: close\r\n"
		require.Equal(t, "200 session=1 hi closed", r.dial().outcome(hello(last)))
		require.Equal(t, "200 welcome closed", r.dial().outcome(password(last, cookie(1))))
		p := r.dial()
		require.Equal(t, "200 s:x closed", p.outcome(strings.Replace(echo(cookie(1)), "HTTP/1.1", "HTTP/1.0", 1)))
		require.Less(t, p.age(), time.Second)
		require.Equal(t, "200 s:x", r.dial().outcome(echo(cookie(1))))
	})
}
