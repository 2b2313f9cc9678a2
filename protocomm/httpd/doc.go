// Package httpd carries a protocomm instance over HTTP, as the SoftAP scheme
// of the C original does (spec/transports.md 1): POST /<endpoint> with a body of
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
// first answer of a new session, Set-Cookie, in this order. The connection
// is kept alive whatever the client asks for; HTTP/1.0, a missing Host,
// Connection and Expect are not looked at, and neither is a query string.
// Requests may be pipelined. Names of endpoints are compared with the path
// byte by byte.
//
//	400  malformed, or a method that HTTP does not know
//	404  unknown path
//	405  method other than POST
//	408  header not complete 5 s after its first byte
//	414  target longer than 512 bytes
//	431  header block longer than Config.MaxHeader
//	505  neither HTTP/1.0 nor HTTP/1.1
//
// These answers carry one sentence of text/html and end the connection.
// Closed without an answer are connections with a body that is missing, empty
// (the version endpoint takes that, Q-T26), chunked, longer than 4096 bytes
// or not complete 5 s after the header, with a Content-Length that is
// malformed or contradicts another, and after every error of protocomm: no
// session, a handshake or decryption that failed, a handler that failed.
//
// # Sessions
//
// Every client has a session of its own, in contrast to the original, where
// any stranger's request ends the running one (Q-T2). A session is named by
// the cookie "session=<decimal id>", among other cookies or alone (Q-T3);
// a request without that cookie belongs to the session that was opened on its
// connection, until a cookie was used for it. A session is opened by a request
// to the security endpoint that belongs to none and, when the security in use
// needs no handshake, by any request endpoint. The version endpoint has
// nothing to do with sessions. The cookie is sent with the first answer; when
// the request that opened a session fails, the session is closed again.
//
// Closing a connection does not end a session. How many there may be is
// decided by the protocomm instance.
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
// One request is answered at a time. The platform decides about everything but
// path, method, session and body; it has limits and time-outs of its own. A
// build with the tag scheduler.none, as TinyGo has it inside of an ESP-IDF
// application, has this front alone, for the others need goroutines.
//
// # Panics
//
// A panic of an endpoint's handler is treated as net/http does: it is logged,
// and the connection is closed without an answer. Other clients go on.
package httpd
