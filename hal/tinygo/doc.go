// SPDX-License-Identifier: Apache-2.0

// Package tinygo is the HAL for boards that TinyGo programs on bare metal: what their
// bindings have in common. It reaches a board's radio through a contract, [Driver],
// which a module of each binding implements on the chip, and a package for tests on a
// simulated air. So this package builds and is tested everywhere.
//
// [Radio] is the Wi-Fi, [VHCI] carries packets to the Bluetooth controller for package
// hal/ble/att, [Line] is a serial line for a console, and [Region] is the part of the
// flash that has the configuration.
//
// Packages hal/esp32/espradio and hal/pico/cyw43 say what their radios cannot do.
//
// # What no such radio can do
//
//   - It is either a station or an access point. That does not affect the BLE and
//     console schemes. With the SoftAP scheme the two take turns, see below.
//   - BSSID, channel, scan method and least authentication of a configuration are kept
//     but not used (see Radio.Limits). Scans are always active, cover all channels and
//     take the driver's time. A scan that is stopped finds nothing.
//   - The driver does not tell when a link is lost. The Radio checks every
//     Config.Probe, and reports each loss with hal.ReasonBeaconTimeout.
//   - The steps of joining are unknown, so there is no hal.JoinReporter.
//   - The driver keeps no configuration. The Radio does, in ESP-IDF's keys.
//
// # SoftAP by turns
//
// StartSoftAP first scans, since the radio cannot scan while the SoftAP is open;
// clients that scan get these results. Connect closes the SoftAP while the attempt
// lasts, and clients lose their Wi-Fi. An attempt takes a few seconds, at most 15 s
// plus the time for an address (Config.Lease and the driver's last try). After it the
// SoftAP comes back under the same name, and stays for at least Config.Presence before
// a further attempt begins. So a client can always come back, with a new session if it
// lost its own, and ask for the outcome.
//
// After a successful attempt Link describes the link although the SoftAP has the
// radio; nothing can be sent over it. When the SoftAP closes for good, the station
// joins again and EventGotIP comes a second time. An application waits for the one
// after the manager's EventEnd.
//
// The device's HTTP server must outlive the gap; the application makes its
// net.Listener on the network of the board.
//
// The manager begins an attempt 1 s after it has answered ApplyConfig. Clients ask
// for the status at once, and then every 5 s (docs/spec/client.md 4). A request
// during the gap fails. Then esp_prov asks up to three more times, 5 s apart; its
// computer must be back on the SoftAP by then. Espressif's app for iOS joins again,
// makes a new session and repeats the request once. The app for Android reports a
// failure, although the device may succeed, and has to be started again to see the
// outcome. The service waits 30 s for a client after success (wifiprov.Config.AutoStop;
// choose more here), and forever after a failure. For some reasons the manager would
// try again forever, and close the SoftAP each time: set wifiprov.Config.Attempts to 2
// or 3.
package tinygo
