// SPDX-License-Identifier: Apache-2.0

// Package idf is the hardware of an ESP32 through ESP-IDF, for Go code that is
// linked into an ESP-IDF application: Wi-Fi, SoftAP, ESP-IDF's HTTP server, the
// Bluetooth controller, clock, randomness and log. Its files have the build tag
// espidf, which TinyGo's ESP-IDF targets set; the C half, a component for
// ESP-IDF v4.4 to v5.5, is in the folder component/wifiprov.wifiprov.
//
// [Open] brings Wi-Fi up and returns the [Device], of which a chip has one. It
// implements the contracts of package hal: hal.WiFi with hal.JoinReporter,
// hal.ChannelLister (5 GHz on the chips that have it) and hal.Claimer,
// hal.SoftAP, httpserver.Server, ble.Memory and hal.Clock; Bluetooth
// returns an att.Transport.
//
// # One task does everything
//
// The package has no goroutine and no channel, and needs none. Wi-Fi events,
// packets of the Bluetooth controller and HTTP requests arrive in tasks of ESP-IDF
// and wait in queues. The application's task handles them, and timers that are due,
// by calling [Device.Pump]. All handlers (subscribers, timers, endpoints) run
// inside of Pump, so one at a time:
//
//	for !done {
//		dev.Pump(time.Second)
//	}
//
// A handler may call Pump too; work of the handler's own kind then waits. So a
// client's scan and Manager.Deinit can wait inside of a handler. The methods fit
// the configurations of the other packages:
//
//	wifiprov.Config{Clock: dev, Pump: dev.Pump, …}
//	att.Config{Clock: dev, PollController: dev.PollController, …}
//	ble.Config{Memory: dev, Server: gatt.Config{Go: dev.Go, Clock: dev}, …}
//	softap.Config{AP: dev, Server: httpd.Config{Platform: dev, Random: idf.Random(), …}}
//
// Only one task, or goroutine, may pump. Any task may call the other methods.
//
// # Memory and bounds
//
// The queue of events has 16 places of 56 bytes (CONFIG_WIFIPROV_EVENTS); a
// whole join takes 4. The packets of the Bluetooth controller have a ring of
// 2 KiB (CONFIG_WIFIPROV_HCI_BYTES), allocated with the controller, of which
// a quarter is reserved for events, so that a client's data cannot crowd them
// out. HTTP handles one request at a time, in 5.2 KiB that are allocated while
// the server runs. What finds no room is counted ([Device.Lost]) and logged as an
// error. After a lost event the station is disconnected and a running scan fails,
// so that nobody waits in vain. Events, packets and requests allocate no memory.
//
// # What flash holds
//
// The driver keeps the station's configuration in its own keys of NVS, as under
// the C original; this package writes nothing to NVS itself. If an NVS partition
// cannot be used, Open fails; it does not erase the partition as the C examples
// do. Credentials are in it, so the application decides.
//
// # On a host
//
// With the tag espidf and a C compiler the package also builds on a host,
// together with package idftest, a double of ESP-IDF's calls with the radio of
// package hal/sim. So its tests run the code that runs on a device.
package idf
