// SPDX-License-Identifier: Apache-2.0

// Package console is the scheme in which the device is provisioned over a line
// of text: a UART, a serial port, a pseudo-terminal, stdin and stdout
// (docs/spec/manager.md 13, docs/spec/transports.md 3). The service has neither name nor
// key; whoever has the line is there. The radio is in ModeSTA.
//
// Package protocomm/console says what goes over the line, and what becomes of
// a stream whose Read blocks when the service is stopped.
package console
