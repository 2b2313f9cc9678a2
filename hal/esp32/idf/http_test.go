// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/esp32/idf"
	"github.com/wifiprov/wifiprov/hal/esp32/idf/idftest"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/httpd"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
	"github.com/wifiprov/wifiprov/scheme/schemetest"
	"github.com/wifiprov/wifiprov/scheme/softap"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// web is a protocomm instance behind ESP-IDF's HTTP server.
type web struct {
	t      *testing.T
	chip   *idftest.Chip
	dev    *pumping
	pc     *protocomm.Protocomm
	server *httpd.Server
}

// serve runs fn with the endpoints version, session, echo, fail, big (10,000
// bytes), slow (11 s, longer than the server waits) and stop.
func serve(t *testing.T, fn func(w *web)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &web{t: t, chip: idftest.New(t, idftest.Config{Air: newAir(t)}), pc: protocomm.New(protocomm.Config{})}
		w.dev = pumped(t, idf.Config{})
		w.server = httpd.New(httpd.Config{Platform: w.dev, Random: idf.Random()})
		must := func(err error) { require.NoError(t, err) }
		must(w.pc.SetSecurity("session", sec0.New()))
		must(w.pc.SetVersion("version", "v1"))
		add := func(name string, h func(req []byte) ([]byte, error)) {
			must(w.pc.AddEndpoint(name, func(_ protocomm.SessionID, req []byte) ([]byte, error) { return h(req) }))
		}
		add("echo", func(req []byte) ([]byte, error) { return req, nil })
		add("fail", func([]byte) ([]byte, error) { return nil, errors.New("no") })
		add("big", func([]byte) ([]byte, error) { return []byte(strings.Repeat("x", 10000)), nil })
		add("slow", func([]byte) ([]byte, error) { time.Sleep(41 * time.Second); return []byte("late"), nil })
		add("stop", func([]byte) ([]byte, error) { return []byte("bye"), w.server.Stop(w.pc) })
		must(w.server.Start(w.pc))
		t.Cleanup(func() { _ = w.server.Stop(w.pc) })
		fn(w)
	})
}

// ask sends bytes on a new connection and returns all that comes within 50 s,
// "closed" if the connection ends.
func (w *web) ask(parts ...string) string { return w.askOn(w.dial(), parts...) }

func (w *web) dial() net.Conn {
	nc, err := w.chip.Network.Dial(w.t.Context(), "tcp", "192.168.4.1:80")
	require.NoError(w.t, err)
	w.t.Cleanup(func() { nc.Close() })
	return nc
}

func (w *web) askOn(nc net.Conn, parts ...string) string {
	_, _ = nc.Write([]byte(strings.Join(parts, ""))) // that it is closed shows below
	_ = nc.SetReadDeadline(time.Now().Add(50 * time.Second))
	out, err := io.ReadAll(nc)
	if err == nil {
		return string(out) + "closed"
	}
	return string(out)
}

func post(path, body string, headers ...string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: " + itoa(len(body)) + "\r\n" +
		strings.Join(headers, "") + "\r\n" + body
}

func itoa(n int) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

func ok(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

// What clients of ESP-IDF's server see is what transports.md 1.3 says.
func TestHTTPAnswers(t *testing.T) {
	serve(t, func(w *web) {
		require.Equal(t, ok("v1"), w.ask(post("/version", "x")))
		require.Equal(t, ok("v1"), w.ask(post("/version?x=1", "")))
		first := w.ask(post("/echo", "hallo"))
		head, body, _ := strings.Cut(first, "\r\n\r\n")
		require.Equal(t, "hallo", body)
		require.Regexp(t, `^HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nSet-Cookie: session=\d+$`, head)
		_, cookie, _ := strings.Cut(head, "Set-Cookie: ")
		nc := w.dial()
		require.Equal(t, ok("again"), w.askOn(nc, post("/echo", "again", "Cookie: a=b; ", cookie, "\r\n")))
		require.NotContains(t, w.askOn(nc, post("/echo", "x", "Cookie: ", cookie, "\r\n")), "Set-Cookie")
		longest := strings.Repeat("y", 4096)
		require.True(t, strings.HasSuffix(w.ask(post("/echo", longest)), longest))
		require.True(t, strings.HasSuffix(w.ask(post("/big", "x")), strings.Repeat("x", 10000)), "longer than the slot")

		const gone, wrong = "HTTP/1.1 404 Not Found\r\n", "HTTP/1.1 405 Method Not Allowed\r\n"
		for request, want := range map[string]string{
			post("/nobody", "x"):           gone,
			"GET /nobody HTTP/1.1\r\n\r\n": gone,
			"GET /echo HTTP/1.1\r\n\r\n":   wrong,
			post("/fail", "x"):             "closed",
			post("/echo", ""):              "closed",
			post("/echo", longest+"y"):     "closed",
		} {
			got := w.ask(request)
			require.True(t, strings.HasPrefix(got, want) && strings.HasSuffix(got, "closed"), "%.40q: %.80q", request, got)
		}
		read := w.chip.Calls("httpd_req_recv")
		require.Equal(t, "closed", w.ask(post("/echo", longest+"y")))
		require.Equal(t, read, w.chip.Calls("httpd_req_recv"), "there is no room for it")
		require.NotContains(t, w.ask(post("/echo", "x", "Cookie: ", strings.Repeat("c", 600), "\r\n")), "HTTP/1.1 4",
			"a cookie that is too long is none")
		require.Equal(t, "closed", w.ask("POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhal"), "a body that does not come")
	})
}

// A connection that is gone stands for nobody, also when its number comes
// again.
func TestHTTPConnections(t *testing.T) {
	serve(t, func(w *web) {
		first := w.dial()
		require.Contains(t, w.askOn(first, post("/echo", "1")), "Set-Cookie")
		require.NotContains(t, w.askOn(first, post("/echo", "2")), "Set-Cookie", "the connection stands for its session")
		first.Close()
		synctest.Wait()
		require.Contains(t, w.ask(post("/echo", "3")), "Set-Cookie", "the same number, another client")
		// More than four: the one unused for longest goes.
		var all []net.Conn
		for range 4 {
			all = append(all, w.dial())
			synctest.Wait()
		}
		require.Equal(t, ok("v1"), w.askOn(all[0], post("/version", "x")))
		require.Equal(t, ok("v1"), w.ask(post("/version", "x")))
		require.Equal(t, "closed", w.askOn(all[1], post("/version", "x")))
		require.Equal(t, ok("v1"), w.askOn(all[0], post("/version", "x")))
	})
}

// dialFrom is dial from another address.
func (w *web) dialFrom(ip string) net.Conn {
	nc, err := w.chip.Network.DialFrom(w.t.Context(), netip.MustParseAddr(ip))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { nc.Close() })
	return nc
}

// A cookie is good at the address that it was given to.
func TestHTTPCookieFromElsewhere(t *testing.T) {
	for _, owner := range []string{"192.168.4.2", "fe80::2%1"} {
		serve(t, func(w *web) {
			first := w.askOn(w.dialFrom(owner), post("/echo", "1"))
			_, id, found := strings.Cut(first, "Set-Cookie: ")
			require.True(t, found)
			id, _, _ = strings.Cut(id, "\r\n")
			for _, elsewhere := range []string{"192.168.4.3", "fe80::2%2", "fe80::3%1"} {
				require.Contains(t, w.askOn(w.dialFrom(elsewhere), post("/echo", "2", "Cookie: ", id, "\r\n")), "Set-Cookie", elsewhere)
			}
			require.NotContains(t, w.askOn(w.dialFrom(owner), post("/echo", "3", "Cookie: ", id, "\r\n")), "Set-Cookie")
			// An address that cannot be had is one of its own.
			w.chip.Fail("getpeername", 1, idftest.Fail)
			require.Contains(t, w.askOn(w.dialFrom(owner), post("/echo", "4", "Cookie: ", id, "\r\n")), "Set-Cookie")
		})
	}
}

// Pages of elsewhere are refused.
func TestHTTPPages(t *testing.T) {
	serve(t, func(w *web) {
		const own = "Origin: http://192.168.4.1\r\n"
		require.Contains(t, w.ask(post("/echo", "x", own, "Sec-Fetch-Site: same-origin\r\n")), "HTTP/1.1 200")
		for _, lines := range []string{
			"Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n",
			own + "Sec-Fetch-Site: same-site\r\n",
			"Origin: http://" + strings.Repeat("e", 200) + ".example\r\n",
			"Sec-Fetch-Site: none" + strings.Repeat(",", 200) + "\r\n",
		} {
			got := w.ask(post("/echo", "x", lines))
			require.True(t, strings.HasPrefix(got, "HTTP/1.1 403 Forbidden\r\n") && strings.HasSuffix(got, "closed"), "%s: %q", lines, got)
		}
		w.chip.Fail("httpd_req_get_hdr_value_str", 2, idftest.Fail) // that of Origin
		require.Contains(t, w.ask(post("/echo", "x", own)), "HTTP/1.1 403 Forbidden\r\n", "a header that cannot be read")
	})
}

// The server's task waits 40 s for an answer, refuses while the application is
// busy with what it gave up, and goes on when that is over.
func TestHTTPSlowHandler(t *testing.T) {
	serve(t, func(w *web) {
		began := time.Now()
		require.Equal(t, "closed", w.ask(post("/slow", "x")))
		require.Equal(t, 40*time.Second, time.Since(began))
		require.Equal(t, "closed", w.ask(post("/version", "x")))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, ok("v1"), w.ask(post("/version", "x")))
	})
}

// Stop inside of a handler drops the answer; another start works.
func TestHTTPStopInsideHandler(t *testing.T) {
	serve(t, func(w *web) {
		require.Equal(t, "closed", w.ask(post("/stop", "x")))
		require.NoError(t, w.server.Start(w.pc))
		require.Equal(t, ok("v1"), w.ask(post("/version", "x")))
		require.NoError(t, w.server.Stop(w.pc))
		require.NoError(t, w.dev.StopHTTP(), "stopping twice")
	})
}

// A server that runs, and one that does not stop.
func TestHTTPErrors(t *testing.T) {
	serve(t, func(w *web) {
		require.ErrorIs(t, w.dev.StartHTTP(80, nobody{}), hal.ErrBusy)
		w.chip.Fail("httpd_stop", 1, idftest.ErrInvalidArg)
		require.Error(t, w.server.Stop(w.pc))
		require.Equal(t, ok("v1"), w.ask(post("/version", "x")), "everything is as before")
		// Failures in the server's task close the connection.
		for _, call := range []string{
			"httpd_resp_set_status", "httpd_resp_set_type", "httpd_resp_send", "httpd_req_recv", "malloc",
		} {
			w.chip.Fail(call, 1, idftest.Fail)
			require.Equal(t, "closed", w.ask(post("/big", "x", "Cookie: session=1\r\n")), call)
		}
		w.chip.Fail("httpd_resp_set_hdr", 1, idftest.Fail)
		require.Equal(t, "closed", w.ask(post("/echo", "x")))
		w.chip.Fail("httpd_req_get_hdr_value_str", 1, 0xb004)
		require.Contains(t, w.ask(post("/echo", "x", "Cookie: session=1\r\n")), "Set-Cookie", "without its cookie")
	})
}

// What a client sent is not in memory that others are given.
func TestHTTPMemoryIsWiped(t *testing.T) {
	serve(t, func(w *web) {
		w.chip.Watch("sesame")
		require.Equal(t, ok("v1"), w.ask(post("/version", "open sesame")))
		require.NoError(t, w.server.Stop(w.pc))
	})
}

// A request costs no memory in the binding.
func TestHTTPAllocs(t *testing.T) {
	inTask(t, func(t *testing.T, chip *idftest.Chip, dev *idf.Device) {
		count := 0
		require.NoError(t, dev.StartHTTP(80, counting{&count}))
		nc, err := chip.Network.Dial(t.Context(), "tcp", "192.168.4.1:80")
		require.NoError(t, err)
		defer nc.Close()
		_, err = nc.Write([]byte(strings.Repeat(post("/x", "body"), 50)))
		require.NoError(t, err)
		synctest.Wait()
		// Only the task of the device runs while it is measured.
		allocs := testing.AllocsPerRun(1, func() { dev.Pump(0) })
		require.Equal(t, 1, count, "one answers, the next one is not read meanwhile")
		require.Zero(t, allocs)
		require.NoError(t, dev.StopHTTP())
	})
}

type counting struct{ n *int }

func (c counting) ServeHTTPRequest(_ *httpserver.Request, a *httpserver.Answer) {
	*c.n++
	a.Status = 200
}
func (counting) HTTPClosed(int) {}

// The SoftAP scheme keeps its contract on ESP-IDF's server.
func TestSoftAPScheme(t *testing.T) {
	schemetest.RunInBubble(t, func(t *testing.T) schemetest.Rig {
		chip := idftest.New(t, idftest.Config{Air: newAir(t)})
		dev := pumped(t, idf.Config{})
		require.NoError(t, dev.Start())
		return schemetest.Rig{
			Scheme:           softap.New(softap.Config{AP: dev, Server: httpd.Config{Platform: dev, Random: idf.Random()}}),
			Name:             "PROV_1",
			Key:              "12345678",
			Refused:          []schemetest.NameAndKey{{}, {Name: "x", Key: "1234567"}, {Name: "x", Key: strings.Repeat("x", 64)}},
			RefusedEndpoints: []string{"two words", "what?", "", strings.Repeat("x", 512)},
			Ask: func(endpoint string, req []byte) ([]byte, error) {
				c := http.Client{Transport: &http.Transport{DialContext: chip.Network.Dial, DisableKeepAlives: true}}
				resp, err := c.Post("http://192.168.4.1/"+endpoint, "", bytes.NewReader(req))
				if err != nil {
					return nil, err
				}
				defer resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					return nil, errors.New(resp.Status)
				}
				return io.ReadAll(resp.Body)
			},
			Block: func() func() {
				chip.Fail("esp_wifi_set_config", 0, idftest.ErrInvalidArg)
				return chip.Heal
			},
			Left: func() error {
				if _, open := chip.Board.SoftAP(); open {
					return errors.New("the access point is open")
				}
				l, err := chip.Network.Listen()
				if err != nil {
					return err
				}
				return l.Close()
			},
		}
	})
}
