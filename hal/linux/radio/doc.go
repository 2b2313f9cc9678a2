// SPDX-License-Identifier: Apache-2.0

// Package radio is hal.WiFi and hal.SoftAP on a Linux box. A Radio keeps the contracts of
// package hal. What is left for a [Daemon] is to join a network, to scan, to open an
// access point, and to store one configuration.
//
// Start takes the Wi-Fi interface over from whoever had it, and Release or Close gives it
// back. What was joined with the stored configuration stays joined then. So a box whose
// trial of new credentials came to nothing is in its former network again.
//
// # Station and access point
//
// How the two get along depends on the radios. StartSoftAP finds out.
//
//   - With another radio for the access point, Config.APInterface, they have nothing to
//     do with each other.
//   - A radio that can be on two channels gets a second, virtual interface, on which the
//     access point opens. It is removed when the access point closes.
//   - A radio that can be both, but on one channel, gets one as well. The access point
//     opens on the channel of the station's link. Before an attempt to join, it moves to
//     the network's channel: the configuration's, that of an earlier scan, or else that
//     of a scan of all channels. Its clients lose it for a moment. After a failed attempt
//     it stays there.
//   - Other radios, and all without a Phy, are one of the two by turns.
//
// An access point on one channel with the station takes turns with it as well, for one
// attempt, if it cannot be on the network's channel: on 5 GHz where radar has to be
// looked for first, where it does not open, or where the network's channel is not known
// because it may hide its name. A network with access points on several channels is then
// joined at the strongest where both can be, by its BSSID.
//
// # By turns
//
// An attempt to join closes the access point, and clients lose their Wi-Fi. After the
// attempt the access point comes back under the same name, and stays for at least
// Config.Presence before a further attempt begins. So a client can always come back and
// ask for the outcome. After a successful attempt Link describes the link although the
// access point has the radio; nothing can be sent over it. When the access point closes
// for good, the station joins again and EventGotIP comes a second time. Scans give the
// results of one that was done before the access point opened.
package radio
