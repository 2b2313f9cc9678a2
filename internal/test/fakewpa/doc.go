// SPDX-License-Identifier: Apache-2.0

// Package fakewpa is a wpa_supplicant for tests: it owns fi.w1.wpa_supplicant1 on a
// message bus of the test's own, and plays the access points around it.
//
// It behaves as wpa_supplicant 2.10 does on virtual radios, in what package wpa uses of
// it: names and texts of errors, which signals come and in which order, and which
// properties keep old values. That was observed; where nothing was, it follows what
// wpa_supplicant's documentation says. Its times are about a thousandth of the real ones,
// see [Times].
//
// A Daemon also plays the network's DHCP: its Lease and Serve are for wpa.Config.
package fakewpa
