// Package sim is a complete simulated Wi-Fi driver. An [Air] holds access
// points ([AP]) and any number of boards ([Board]) that scan it, join
// networks, open access points of their own and keep their configuration in an
// NVS partition over a reboot, the image of a real device's if one is given. There
// are 2.4 GHz and, for boards that have it, 5 GHz.
// People test firmware and apps with it.
//
// A [Controller] is a Bluetooth LE controller on the same air: host stacks, such
// as package hal/ble/att, reach it through HCI packets, and meet through it.
//
// # Time and order
//
// Everything that takes time is a timer of the air's [hal.Clock]; there are no
// goroutines. Under testing/synctest all durations are exact. A board's events
// come in order, one at a time, from a timer, never from inside a method and
// never with a lock held.
//
// The same seed and the same calls give the same events, also with many boards
// at once: what is random depends on seed, access point, board and the number
// of its scans alone, not on the order in which boards happen to run.
//
// # Faults
//
// The air itself scripts what a real air does: wrong passphrases, refused
// joins, silent DHCP servers, lost beacons (see [APConfig]). What drivers do
// wrong is scripted by wrapping a HAL in [Faults]; [Recorder] writes down the
// calls that pass it. Both wrap any HAL, also each other.
package sim
