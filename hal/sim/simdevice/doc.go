// SPDX-License-Identifier: Apache-2.0

// Package simdevice is a whole simulated device: a board on an air, the
// provisioning manager on it, and the firmware around that, reached over HTTP, BLE
// or a console. It is for tests of apps, tools and firmware.
//
//	device := simdevice.Test(t, simdevice.Config{})
//	phone := device.Phone(client.Config{})
//	_, err := phone.Provision(ctx, simdevice.Right)
//
// The zero [Config] is a device with security 1 and the proof of possession
// [DefaultPoP], near the network [Home], reached over HTTP in memory. It works in
// real time and in a testing/synctest bubble, where all durations are exact.
//
// # Life of a device
//
// [Device.PowerOn] boots: the firmware joins the network that is in the flash, or
// else starts the provisioning service. [Device.PowerCut] ends everything at once,
// as a pulled plug does: nothing is written to the flash any more, nobody is told,
// connections break. The flash stays for the next PowerOn.
// Another firmware may take the place of the built-in one, see Config.Firmware.
//
// # Faults
//
// [Device.Inject] makes something go wrong, at once, after a time, or at a request:
// see [Fault] for what there is and what a client sees.
package simdevice
