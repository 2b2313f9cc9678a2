// SPDX-License-Identifier: Apache-2.0

// Package httpd carries a protocomm instance over HTTP, as the SoftAP scheme
// of the C original does (docs/spec/transports.md 1): POST /<endpoint> with a body of
// 1 to 4096 bytes, answered with 200 and the endpoint's answer, or by closing
// the connection without a word.
//
// A [Server] has three fronts. With Config.Mux nil it serves a listener of its
// own through a small HTTP server written for this protocol, which behaves as
// the original on the wire. With a Mux it adds its paths to the application's
// HTTP server (the original's set_httpd_handle). With Config.Platform it
// answers the requests of an HTTP server that is not Go's: on an ESP32 that is
// ESP-IDF's, the original's own.
//
// # What a client sees (own listener)
//
// An answer has the header lines Content-Type, Content-Length and, on the
// first answer of a new session, Set-Cookie, in this order. The connection is
// kept alive unless the client says Connection: close, or speaks HTTP/1.0 and
// does not say keep-alive. The answer to such a client has a line Connection too, and
// what the client sends after that request is not read. Host may be missing; Expect and
// a query string are ignored. Requests may be pipelined. Names of endpoints are
// compared with the path byte by byte.
//
//	400  malformed, or a method that HTTP does not know
//	403  sent by a web page of another host
//	404  unknown path
//	405  method other than POST
//	408  header not complete 5 s after its first byte
//	414  target longer than 512 bytes
//	431  header block longer than Config.MaxHeader
//	505  neither HTTP/1.0 nor HTTP/1.1
//
// These answers carry one sentence of text/html and end the connection. The
// connection is closed without an answer
//
//   - if the body is missing, empty (which the version endpoint takes), chunked, longer
//     than 4096 bytes, or not complete 5 s after the header;
//   - if a Content-Length is malformed or contradicts another;
//   - after every error of protocomm: no session, a handshake, decryption or handler
//     that failed.
//
// # Sessions
//
// Every client has a session of its own, in contrast to the original, where
// any stranger's request ends the running one. A session is named by
// the cookie "session=<decimal id>", among other cookies or alone, in
// requests from the IP address that opened it; from elsewhere the cookie is an
// unknown one. With an application's server the address is http.Request.RemoteAddr:
// behind a proxy all clients have the same, unless something in front of the endpoints
// sets it. A request without the cookie belongs to the session that was opened on its
// connection, until a cookie was used for that session. A request that belongs to no
// session opens one if it goes to the security endpoint or, when the security in use
// needs no handshake, to a request endpoint. The version endpoint has nothing to do with
// sessions. The cookie is sent with the first answer; when the request that opened a
// session fails, the session is closed again.
//
// Closing a connection does not end a session. The protocomm instance bounds the
// sessions, and its rule for making room (package protocomm) takes the address for the
// source; connections are shared by the same rule. A session that was idle for 10
// minutes and whose connection is gone goes first.
//
// # Web pages
//
// Browsers send a page's requests wherever the page wants, with the header Origin
// and, newer ones, Sec-Fetch-Site. A request is refused with 403 if one of
// them says that it comes from another host's page, unless Config.Origins lists it.
// The device's own pages may talk to it if they were loaded from an IP
// address, localhost or a name in .local. Under another name they have to be
// listed, because its owner can make any other name lead to the device. Programs
// that are no browsers send neither header, and their Host is not looked at.
//
// A listed page may read answers, and preflight questions about it are answered. Its
// browser does not return the cookie, which has no SameSite=None, so the page's session
// is that of the connection. With a Platform no pages can be listed.
//
// # Differences on an application's server
//
// net/http decides about everything up to the path: malformed requests,
// header limits, HTTP versions, keep-alive, the order of header lines, and
// time-outs where it has been given any. To close a connection without an answer, the
// handler panics with http.ErrAbortHandler. TinyGo builds have no Mux.
//
// # Differences on a platform's server
//
// One request is answered at a time. If the platform does not tell addresses,
// cookies work from everywhere. The platform decides about everything but
// path, method, session and body; it has limits and time-outs of its own. A build with
// the tag scheduler.none, as TinyGo has it inside an ESP-IDF application, has this front
// alone, since the others need goroutines.
//
// # Panics
//
// When an endpoint's handler panics, which the instance logs, or calls
// runtime.Goexit, the connection is closed without an answer. Other clients go on.
package httpd
