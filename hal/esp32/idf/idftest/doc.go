// SPDX-License-Identifier: Apache-2.0

// Package idftest is an ESP32 for tests. It carries out the calls of ESP-IDF that
// package hal/esp32/idf makes, on a device of package hal/sim. So
//
//	CGO_ENABLED=1 go test -tags espidf ./...
//
// runs the code of a device, C and Go, on a host. Wi-Fi and SoftAP are a sim.Board,
// with an NVS partition in ESP-IDF's format. The Bluetooth controller is a
// sim.Controller, and the HTTP server serves a simnet.Network. Tests can let calls
// fail, and see what was not given back.
//
// The folder idf has headers with the published names and types, and the C half. Where
// hal leaves a choice, the double does as ESP-IDF does, as far as that is published.
package idftest
