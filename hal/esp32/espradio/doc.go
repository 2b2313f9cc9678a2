// Package espradio is the HAL for an ESP32 that TinyGo programs on bare metal, on
// tinygo.org/x/espradio. That package is reached through a contract, [Driver],
// which module hal/esp32/espradio/chip fulfils on the chip and package espradiotest
// on a simulated air; so this one builds and is tested everywhere.
//
// [Radio] is the Wi-Fi, [VHCI] the way to the Bluetooth controller for package
// hal/ble/att, [Line] a serial line for a console, and [Region] the part of the flash
// that the configuration lies on.
//
// # What this radio cannot do, and what becomes of it
//
//   - It is a station or an access point. The BLE and console schemes do not
//     care. With the SoftAP scheme the two take turns, see below.
//   - espradio.Scan tells SSID and signal only. Module espradio asks ESP-IDF's
//     library itself and knows the rest. From a Driver that does not, BSSID and
//     channel are zero, and Config.UnknownAuth stands for the authentication,
//     WPA2 unless it is set: apps let nobody choose an open network without a
//     passphrase then, its SSID has to be typed in. Scans are active, over all
//     channels and take their own time, whatever is asked for; one that was
//     stopped finds nothing.
//   - An attempt to join lasts 15 s at most. BSSID, channel, scan method and
//     least authentication of a configuration are kept, and not used
//     (Radio.Limits says so); with a passphrase the network must have WPA2 at
//     least.
//   - Nothing tells that a link is lost. It is looked at each Config.Probe, and
//     the loss is reported with hal.ReasonBeaconTimeout whatever the reason was.
//   - The steps of joining are not known, so there is no hal.JoinReporter.
//   - The radio can be enabled once. If that fails (ErrEnableFailed) the chip has
//     to be reset. ModeOff, and ModeAP without an access point, switch it off, with
//     a Driver that can: module espradio can.
//   - The driver keeps no configuration. It is kept here, in ESP-IDF's keys.
//
// # SoftAP by turns
//
// StartSoftAP first looks for networks, for clients that will scan: that is what
// they find as long as the SoftAP is open. Connect then closes the SoftAP, and
// clients lose their Wi-Fi, for as long as the attempt lasts: usually a few
// seconds, 15 s and the time for an address at most, which is Config.Lease and
// the driver's last try if none comes. Then the SoftAP comes back under the same
// name, whatever the outcome, and stays for Config.Presence at least before a
// further attempt begins. So a client can always come back, asks with a new
// session if it lost its own, and is told how it went.
//
// A station that was successful has its link lent out meanwhile: Link describes
// it, for clients that ask, but nothing can be sent. When the SoftAP closes for
// good the station joins again, and EventGotIP comes a second time; an application
// waits for the one after the manager's EventEnd.
//
// The device's HTTP server must outlive the gap. Module espradio opens the access
// point and gives addresses to its clients; it has no net.Listener for the server,
// which an application makes on the network of its Driver.Stack.
//
// What the manager and its clients do in that time: the manager begins 1 s after
// it has answered ApplyConfig. Clients ask for the status at once and then every
// 5 s (spec/client.md 4). A question that falls into the gap fails: esp_prov
// asks again up to three times, 5 s apart, and needs its computer to return to the
// SoftAP by then; Espressif's app for iOS joins again, makes a new session and
// repeats the question once; the one for Android gives up and says so, although
// the device may succeed, and has to be started anew to see the outcome. The
// service waits 30 s for a client after success (wifiprov.Config.AutoStop; more
// is better here), and for ever after a failure. A reason after which the
// manager tries again for ever would close the SoftAP again and again: set
// wifiprov.Config.Attempts to 2 or 3.
package espradio
