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
// does not say keep-alive; to those the answer has a line Connection too, and what
// they send after such a request is not read. A missing Host and Expect are not
// looked at, and neither is a query string. Requests may be pipelined. Names of
// endpoints are compared with the path byte by byte.
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
// These answers carry one sentence of text/html and end the connection.
// Closed without an answer are connections with a body that is missing, empty
// (the version endpoint takes that), chunked, longer than 4096 bytes
// or not complete 5 s after the header, with a Content-Length that is
// malformed or contradicts another, and after every error of protocomm: no
// session, a handshake or decryption that failed, a handler that failed.
//
// # Sessions
//
// Every client has a session of its own, in contrast to the original, where
// any stranger's request ends the running one. A session is named by
// the cookie "session=<decimal id>", among other cookies or alone, in
// requests from the IP address that opened it; from elsewhere the cookie is an
// unknown one. So it is with an application's server, where the address is
// http.Request.RemoteAddr: behind a proxy all clients have one, unless something
// in front of the endpoints sets it. A request without that cookie belongs to the session that was opened on its
// connection, until a cookie was used for it. A session is opened by a request
// to the security endpoint that belongs to none and, when the security in use
// needs no handshake, by any request endpoint. The version endpoint has
// nothing to do with sessions. The cookie is sent with the first answer; when
// the request that opened a session fails, the session is closed again.
//
// Closing a connection does not end a session. How many there may be is decided by
// the protocomm instance, whose rule for making room (package protocomm) takes
// the address for the source; connections are shared by the same rule. A session
// that was idle for 10 minutes and whose connection is gone goes first.
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
// For a page that is listed preflight questions are answered, and it may read
// answers. Its browser will not return the cookie, which has no SameSite=None, so
// that its session is that of the connection. With a Platform no pages can be
// listed.
//
// # Differences on an application's server
//
// net/http decides about everything up to the path: malformed requests,
// header limits, HTTP versions, keep-alive, the order of header lines, and
// time-outs where it has been given any. An answer that is refused panics with
// http.ErrAbortHandler, which makes net/http close the connection. TinyGo builds
// have the listener of our own alone.
//
// # Differences on a platform's server
//
// One request is answered at a time. If the platform does not tell addresses,
// cookies work from everywhere. The platform decides about everything but
// path, method, session and body; it has limits and time-outs of its own. A
// build with the tag scheduler.none, as TinyGo has it inside of an ESP-IDF
// application, has this front alone, for the others need goroutines.
//
// # Panics
//
// When an endpoint's handler panics, which the instance logs, or calls
// runtime.Goexit, the connection is closed without an answer. Other clients go on.
package httpd
