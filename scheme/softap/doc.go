// SPDX-License-Identifier: Apache-2.0

// Package softap is the scheme in which the device opens a Wi-Fi access point
// of its own and serves HTTP on it (docs/spec/manager.md 13, docs/spec/transports.md 1).
// The service's name is the access point's SSID, its key the WPA passphrase.
//
// The phone joins that network, speaks to http://192.168.4.1 (the usual
// address of an ESP32), and hands the credentials over. Meanwhile the radio is
// in ModeAPSTA, so that the device can try them with the client still there.
//
// The HTTP side is package protocomm/httpd, which says what clients see. It
// listens itself, adds its paths to a server of the application's, or serves with
// the platform's: Listen, Mux and Platform of httpd.Config.
package softap
