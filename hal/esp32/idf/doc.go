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
// # Who runs
//
// There is no goroutine and no channel here, and none is needed. What happens in
// tasks of ESP-IDF waits in queues, until the application's task takes it out by
// calling [Device.Pump]: Wi-Fi events, packets of the Bluetooth controller, HTTP
// requests. Timers are looked after there, too. All handlers, of
// subscribers, timers, endpoints, run inside of Pump, so one at a time:
//
//	for !done {
//		dev.Pump(time.Second)
//	}
//
// Pump may be called inside of a handler; the kind of work that the handler is
// part of then waits. So a client's scan and Manager.Deinit can wait for what
// comes, and hal/esp32/idf fits wifiprov.Config.Poll and att.Config.Poll:
//
//	wifiprov.Config{Clock: dev, Poll: dev.PumpOnce, …}
//	att.Config{Clock: dev, Poll: dev.Poll, …}
//	ble.Config{Memory: dev, Go: dev.Go, Clock: dev, …}
//	softap.Config{AP: dev, Platform: dev, Random: esp32.Random(), …}
//
// Only one task, or goroutine, may pump; the other methods may be called from
// any, where there are several.
//
// # Memory and bounds
//
// The queue of events has 16 places of 56 bytes (CONFIG_WIFIPROV_EVENTS); a
// whole join takes 4. The packets of the Bluetooth controller have a ring of
// 2 KiB (CONFIG_WIFIPROV_HCI_BYTES), allocated with the controller, of which
// data leaves a quarter to events, so that a client cannot crowd them out. HTTP
// has one request at a time, in 5.2 KiB that are allocated while the server
// runs. What finds no room is counted, logged as an error and [Device.Lost];
// after a lost event the station is disconnected and a scan counts as failed, so
// that nobody waits for what does not come. Neither an event nor a packet nor
// a request allocates memory.
//
// # What flash holds
//
// The driver keeps the station's configuration in its own keys of NVS, as under
// the C original; nothing here writes NVS by itself. Open does not erase an NVS
// partition that cannot be used, as the C examples do, but fails: what to do is
// the application's decision, since credentials are in it.
//
// # On a host
//
// With the tag espidf and a C compiler the package also builds on a host,
// together with a double of the calls of ESP-IDF (folder double), whose radio is
// package hal/sim. So its tests run the code that runs on a device.
package idf
