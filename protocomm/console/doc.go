// SPDX-License-Identifier: Apache-2.0

// Package console carries a protocomm instance over a line of text, as the
// console scheme of the C original does over its serial port
// (docs/spec/transports.md 3). The line is any byte stream: a UART, a serial device,
// a pseudo-terminal, stdin and stdout, a pipe. A person can type the requests.
//
// # What a client sees
//
// The device shows the prompt LF ">> " and reads a line, which CR, LF or both
// end:
//
//	<endpoint> <session> <hex>
//
// for example "proto-ver 0 455350". Spaces separate words; a word may stand in
// double quotes, and \\, \" and "\ " stand for the second character. The
// session is a decimal number that the client chooses, up to 4294967294. The
// body has two hexadecimal digits, of either case, for each byte, and at least
// one byte. Further words are ignored. The answer is
//
//	CR LF <answer in lower-case hex> CR LF
//
// and then comes the prompt. What is refused has no answer, only the prompt: a
// line that is no command or too long, an unknown endpoint, no session, and
// every error of the instance or of a handler. The line "help" alone lists the
// endpoints, unless there is one of that name. Bytes are echoed as they come
// (CR and LF as CR LF) unless Config.NoEcho is set; there is no editing.
//
// # Limits
//
// A line has at most Config.MaxLine characters, 4096 if that is 0, without its
// end. That is enough for bodies of about 2000 bytes and all securities;
// the original has 256. A longer line is dropped whole, up to its end.
// Apart from the line's buffer of that size a [Server] holds half a KiB, and the
// longest answer so far if that fits into MaxLine bytes. A request in steady
// state allocates nothing.
//
// # Sessions
//
// The line has one session at a time. A handshake message, or under a security
// that needs no handshake any request, whose number differs from that of the
// session opens a new one and closes the one before. Other requests with
// another number are refused and disturb nothing; the version endpoint has
// nothing to do with sessions. A new start and the end of the stream forget the
// session. A session may be idle for ever: it takes nobody's place, and a person who
// carries messages to and fro, as with esp_prov, may take minutes.
//
// # Streams and stopping
//
// Requests are answered one after another by one goroutine, which spends its
// time in the stream's Read. How [Server.Stop] ends it depends on the stream:
//
//   - One that Config.Open opened is closed.
//   - A Config.Stream is the application's, and is never closed. If it has
//     a SetDeadline method that works, that breaks the Read off.
//   - If its Read returns without data now and then (0 and no error, or an
//     error whose Timeout method says true), as drivers of serial ports do, the
//     goroutine sees that it is stopped and ends. It waits 10 ms after each
//     such Read.
//   - Otherwise the goroutine stays in Read until the next bytes come, which are
//     lost. There is at most one such goroutine: a service that is started
//     meanwhile takes it over, and shows its prompt after the first byte.
//
// # Panics
//
// A panic of a handler is not caught and ends the program.
package console
