// SPDX-License-Identifier: Apache-2.0

// Package wpa joins networks and opens access points through wpa_supplicant's D-Bus
// interface, fi.w1.wpa_supplicant1. It is a radio.Daemon for Linux boxes without
// NetworkManager:
//
//	d, err := wpa.New(wpa.Config{Interface: "wlan0", Store: store, Lease: client.Lease})
//
// # What the machine needs
//
// wpa_supplicant, started with -u (systemctl start wpa_supplicant does so on Debian), and
// a D-Bus policy that lets the program talk to it: distributions allow it to root and,
// some of them, to the group netdev. It was tried with release 2.10; WPA3 needs one that
// was built with it. wpa_supplicant has no addresses: Config.Lease gets them, or waits
// for those of another program.
//
// # What it does there
//
// Take switches off all networks that wpa_supplicant knows, and adds a network that is
// never joined. Its id_str says what was switched on, so that Release, in this process
// or in a later one, switches it on again. All networks that the package adds have an
// id_str that begins with "wifiprov". Nothing is written to wpa_supplicant's file: when
// wpa_supplicant restarts, it knows its own networks alone.
//
// A process that dies leaves the interface as it was at that time. wpa_supplicant does
// not notice; the next Take or Release mends it.
//
// Join scans by itself at first, on the channels where the network was heard lately and
// then on all, and decides from what it hears whether there is a network to join:
// wpa_supplicant has no signal for a network that is missing or protected in another
// way. Then it adds the network, selects it, and removes it at the end, since
// wpa_supplicant would go on trying.
//
// # Reasons
//
// They are taken from signals that come after the network was selected. The properties
// keep their values from one attempt to the next.
//
//	DisconnectReason r          r; for −4 (beacons lost) ReasonBeaconTimeout, for −3
//	                            with a link ReasonAssocLeave
//	PskMismatch                 Reason4WayHandshakeTimeout (wpa_supplicant 2.11)
//	SaePasswordMismatch         ReasonAuthFail (after 2.11)
//	AuthStatusCode not 0        ReasonAuthFail, if the attempt ends there
//	AssocStatusCode not 0       ReasonAssocFail; for 17 ReasonAssocTooMany
//	an end without a code       ReasonHandshakeTimeout in the handshake, else
//	                            ReasonConnectionFail
//	not in a scan               ReasonNoAPFound, ReasonNoAPCompatibleSec or
//	                            ReasonNoAPAuthModeThreshold
//
// # Limits
//
// WEP and 802.1X are not supported. The time per channel of a scan cannot be set.
// wpa_supplicant tells the age of what it has heard in whole seconds, so that an access
// point that left up to a second before a scan can be in its result.
package wpa
