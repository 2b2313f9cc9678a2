// SPDX-License-Identifier: Apache-2.0

// Package nm is a radio.Daemon on NetworkManager, 1.20 or later, over its D-Bus interface.
//
// # What a killed process leaves
//
// While the interface is taken, a checkpoint of NetworkManager remembers what it did
// before. This process prolongs the checkpoint all the time. When the process dies,
// NetworkManager itself brings the former network back within Config.Rollback. An access
// point closes at once, since NetworkManager binds it to the D-Bus connection. What is
// left is that the interface does not join networks by itself, also not the former one if
// that is lost again; the next Take with its Release, a Release alone, or a restart of
// NetworkManager ends that. So let the service manager start this program again.
//
// # Profiles
//
// All profiles that the package makes are marked in their setting "user", and bound to
// the interface. One on disk is the stored configuration; NetworkManager joins it at boot
// as any other. Those of attempts and access points are in memory. One in memory, named
// "… (in use)", remembers for the next process what the interface did before Take.
//
// A passphrase that NetworkManager does not accept, such as one of fewer than 8 bytes, or
// one that is no text, is stored as another secret of the profile, beside the key that WPA
// derives from it.
//
// # Limits
//
// NetworkManager scans all channels actively: a scan of one channel takes as long as one
// of all, and a passive one sends probe requests (hal.LimitPassive). It tells a signal
// only in percent, which is taken for dBm as percent/2 - 100.
//
// While an access point is open and the station of the same radio is in no network,
// NetworkManager scans with the station, at first every few seconds and then more rarely.
// The access point is silent for some seconds each time, so a phone may have to try twice.
//
// It does not tell reasons of 802.11. Before 1.58 a wrong passphrase of WPA3 looks like
// an access point that does not answer, or is gone; all are hal.ReasonAuthFail, after 25 s.
//
// A network that is open although the configuration has a passphrase is joined, as
// long as MinAuth allows that; but NetworkManager does not join it at boot. SoftAPConfig's
// MaxStations is not applied.
package nm
